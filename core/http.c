// SPDX-License-Identifier: GPL-2.0-or-later
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECTS_MAX 5

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) ? 0 : size * n;
}

static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int code_of(CURLcode r)
{
	switch (r) {
	case CURLE_OK:
		return 0;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	case CURLE_WRITE_ERROR:
		return -EMSGSIZE;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return -EINVAL;
	default:
		return -ENETUNREACH;
	}
}

static void prepare(CURL *c, const char *url, int64_t timeout_ms, struct buf *body, char *why)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L); /* threads */
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https"); /* also where it is sent on */
	curl_easy_setopt(c, CURLOPT_PROXY, ""); /* the way is part of what is asked */
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "faultdeck");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
}

/* Until the transfer is over, or CANCEL_FD readable. */
static CURLcode transfer(CURLM *m, int cancel_fd)
{
	struct curl_waitfd also = { .fd = cancel_fd, .events = CURL_WAIT_POLLIN };
	CURLcode r = CURLE_FAILED_INIT;
	struct CURLMsg *msg;
	int running = 1, left;

	while (running) {
		if (curl_multi_perform(m, &running) != CURLM_OK)
			return r;
		if (running && curl_multi_poll(m, &also, cancel_fd >= 0, 1000, NULL) != CURLM_OK)
			return r;
		if (running && also.revents)
			return CURLE_ABORTED_BY_CALLBACK;
	}
	msg = curl_multi_info_read(m, &left);
	return msg && msg->msg == CURLMSG_DONE ? msg->data.result : r;
}

int http_get(const char *url, int64_t timeout_ms, int cancel_fd, struct http_page *out,
	     struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char why[CURL_ERROR_SIZE] = "";
	int64_t begun = now_boot_ms();
	CURLcode r = CURLE_OUT_OF_MEMORY;
	CURLM *m;
	CURL *c;

	pthread_once(&once, begin);
	m = curl_multi_init();
	c = curl_easy_init();
	if (m && c) {
		prepare(c, url, timeout_ms, &out->body, why);
		curl_multi_add_handle(m, c);
		r = transfer(m, cancel_fd);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
		curl_multi_remove_handle(m, c);
	}
	out->ms = (double)(now_boot_ms() - begun);
	curl_easy_cleanup(c);
	curl_multi_cleanup(m);
	if (!r)
		return 0;
	return err_set(e, code_of(r), "%s",
		       r == CURLE_OPERATION_TIMEDOUT ? "no answer in time"
		       : why[0]                      ? why
						     : curl_easy_strerror(r));
}

/* ---- the value ---- */

/* One step of a pointer: ~1 is a slash, ~0 a tilde. Returns what is behind it. */
static const char *token(const char *at, char *dst, size_t n)
{
	size_t k = 0;

	for (; *at && *at != '/'; at++) {
		char c = *at;

		if (c == '~' && (at[1] == '0' || at[1] == '1'))
			c = *++at == '0' ? '~' : '/';
		if (k + 1 < n)
			dst[k++] = c;
	}
	dst[k] = '\0';
	return at;
}

static const json_t *find(const json_t *v, const char *pointer)
{
	char key[128], *end;

	while (v && *pointer == '/') {
		pointer = token(pointer + 1, key, sizeof(key));
		if (json_is_array(v)) {
			size_t i = strtoul(key, &end, 10);

			v = *key && !*end ? json_array_get(v, i) : NULL;
		} else {
			v = json_object_get(v, key);
		}
	}
	return v;
}

static bool scalar(const json_t *v, char *dst, size_t n)
{
	if (json_is_string(v))
		text_clean(dst, n, json_string_value(v));
	else if (json_is_integer(v))
		snprintf(dst, n, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(dst, n, "%.9g", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(dst, n, "%s", json_is_true(v) ? "true" : "false");
	else if (json_is_null(v))
		snprintf(dst, n, "null");
	else /* how many are in it */
		snprintf(dst, n, "%zu",
			 json_is_array(v) ? json_array_size(v) : json_object_size(v));
	return v;
}

static enum probe_state json_value(const char *pointer, const char *body, char *value, size_t n)
{
	json_error_t why;
	json_t *doc = json_loads(body, JSON_DECODE_ANY, &why);
	const json_t *v = find(doc, pointer);
	enum probe_state s = PROBE_FAILED;

	if (!doc)
		snprintf(value, n, "it is no JSON: %.100s", why.text);
	else if (!v)
		snprintf(value, n, "there is no %.100s in it", pointer);
	else if (scalar(v, value, n))
		s = PROBE_HOLDS;
	json_decref(doc);
	return s;
}

enum probe_state http_judge(const struct probe_cfg *c, long status, double ms, const char *body,
			    char *value, size_t n)
{
	if (c->status ? status != c->status : status < 200 || status > 299) {
		snprintf(value, n, "HTTP status %ld", status);
		return PROBE_FAILED;
	}
	if (c->body && !strstr(body, c->body)) {
		snprintf(value, n, "it does not hold \"%.80s\"", c->body);
		return PROBE_FAILED;
	}
	if (c->json)
		return json_value(c->json, body, value, n);
	snprintf(value, n, "%.0f", ms);
	return PROBE_HOLDS;
}
