// SPDX-License-Identifier: GPL-2.0-or-later
#include "term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

static struct {
	SCREEN *screen;
	struct termios before; /* as we found it */
	char reset[256];       /* what a dying program writes */
	size_t reset_len;
	int pipe[2]; /* signal handlers write their number here */
} the = { .pipe = { -1, -1 } };

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGTRAP, SIGSYS };
static const int told[] = { SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP, SIGCONT };

/* Only async-signal-safe calls in here. */
static void on_crash(int sig)
{
	ssize_t n = write(STDOUT_FILENO, the.reset, the.reset_len);

	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &the.before);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void on_told(int sig)
{
	int keep = errno;
	char c = (char)sig;

	if (write(the.pipe[1], &c, 1) < 0)
		c = 0; /* full: it is awake already */
	errno = keep;
}

static void catch_signals(void)
{
	static char stack[64 * 1024];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction crash = { .sa_handler = on_crash,
				   .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK) };
	struct sigaction tell = { .sa_handler = on_told, .sa_flags = SA_RESTART };

	sigaltstack(&alt, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &crash, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		sigaction(told[i], &tell, NULL);
}

static void release_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		signal(crashes[i], SIG_DFL);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		signal(told[i], SIG_DFL);
}

static void save_string(const char *capability)
{
	const char *s = tigetstr((char *)(uintptr_t)capability);
	size_t n;

	if (!s || s == (const char *)-1)
		return;
	n = strlen(s);
	if (n && the.reset_len + n < sizeof(the.reset)) {
		memcpy(the.reset + the.reset_len, s, n);
		the.reset_len += n;
	}
}

/* Padding ("$<5>") is for real tubes; nobody who crashes can wait for them. */
static void save_reset(void)
{
	static const char *const ends[] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };
	char *from;

	the.reset_len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		save_string(ends[i]);
	the.reset[the.reset_len] = '\0';
	while ((from = strstr(the.reset, "$<")) && strchr(from, '>')) {
		char *to = strchr(from, '>') + 1;

		memmove(from, to, strlen(to) + 1);
	}
	the.reset_len = strlen(the.reset);
}

static int check_terminal(struct err *e)
{
	const char *name = getenv("TERM");
	int ok = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(e, -ENOTTY, "the console needs a terminal for input and output");
		return err_hint(e, "use --batch VERB where there is none");
	}
	if (name && *name && setupterm(name, STDOUT_FILENO, &ok) == OK && tigetstr("cup") &&
	    tigetstr("cup") != (char *)-1)
		return 0;
	err_set(e, -ENOTSUP, "this terminal (TERM=%s) cannot place a cursor", name ? name : "");
	return err_hint(e, "use --batch VERB, or set TERM to what this terminal is");
}

static int no_screen(struct err *e, int code)
{
	term_stop();
	return err_set(e, code, "cannot take the terminal: %s", strerror(-code));
}

/* Ctrl-C and Ctrl-Z stay signals, so that the whole job stops; Ctrl-S must not freeze us. */
static void set_modes(void)
{
	struct termios t;

	cbreak();
	noecho();
	nonl();
	if (tcgetattr(STDIN_FILENO, &t) == 0) {
		t.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
		t.c_lflag &= ~(tcflag_t)IEXTEN;
		tcsetattr(STDIN_FILENO, TCSANOW, &t);
		def_prog_mode();
	}
	set_escdelay(25);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	curs_set(0);
}

int term_start(struct err *e)
{
	int r;

	setlocale(LC_CTYPE, "");
	r = check_terminal(e);
	if (r)
		return r;
	if (tcgetattr(STDIN_FILENO, &the.before) || pipe2(the.pipe, O_NONBLOCK | O_CLOEXEC))
		return no_screen(e, -errno);
	save_reset();
	del_curterm(cur_term); /* newterm makes its own */
	catch_signals();
	the.screen = newterm(NULL, stdout, stdin);
	if (!the.screen)
		return no_screen(e, -ENOTSUP);
	set_modes();
	return 0;
}

void term_stop(void)
{
	if (the.screen) {
		curs_set(1);
		endwin();
		delscreen(the.screen);
		the.screen = NULL;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &the.before);
	}
	release_signals();
	for (int i = 0; i < 2; i++) {
		if (the.pipe[i] >= 0)
			close(the.pipe[i]);
		the.pipe[i] = -1;
	}
}

/*
 * Curses between two sizes writes where nothing is: nothing of it may be called any more, so the
 * program ends as if it was killed. What is injected is in journal and ledgers.
 */
static void give_up(void)
{
	static const char why[] = "faultdeck: no memory for a screen of this size\n";

	if (write(STDOUT_FILENO, the.reset, the.reset_len) < 0 ||
	    write(STDERR_FILENO, why, sizeof(why) - 1) < 0)
		_exit(2);
	tcsetattr(STDIN_FILENO, TCSANOW, &the.before);
	_exit(1);
}

static void take_size(void)
{
	struct winsize w = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		return;
	/* More than this is no screen: curses would take gigabytes for it. */
	if (resizeterm(w.ws_row < 1000 ? w.ws_row : 1000, w.ws_col < 1000 ? w.ws_col : 1000) != OK)
		give_up();
}

static void take_back(void)
{
	take_size();
	clearok(curscr, TRUE);
	refresh();
	curs_set(0);
}

static void stop_here(void (*stop)(void))
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, ours;

	endwin();
	tcsetattr(STDIN_FILENO, TCSADRAIN, &the.before);
	sigaction(SIGTSTP, &dfl, &ours);
	stop();
	sigaction(SIGTSTP, &ours, NULL);
	take_back();
}

static void stop_self(void)
{
	raise(SIGTSTP);
}

static void stop_job(void)
{
	kill(0, SIGTSTP);
}

void term_suspend(void)
{
	stop_here(stop_job);
}

static int take_signal(int sig)
{
	switch (sig) {
	case SIGWINCH:
		take_size();
		return TERM_SIZE;
	case SIGINT:
		return TERM_BREAK;
	case SIGTSTP:
		stop_here(stop_self);
		return TERM_BACK;
	case SIGCONT: /* after a SIGSTOP, that nobody can prepare for */
		endwin();
		take_back();
		return TERM_BACK;
	default:
		return TERM_END;
	}
}

/* Many of one kind count once: a storm of sizes ends in one redraw. */
static int take_signals(void)
{
	char got[128];
	uint64_t seen = 0;
	int news = 0;
	ssize_t n;

	while ((n = read(the.pipe[0], got, sizeof(got))) > 0)
		for (ssize_t i = 0; i < n; i++)
			seen |= 1ull << (unsigned char)got[i];
	if (seen & 1ull << SIGTSTP)
		seen &= ~(1ull << SIGCONT);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (seen & 1ull << told[i])
			news |= take_signal(told[i]);
	return news;
}

int term_wait(int wake_fd, int timeout_ms)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			      { .fd = wake_fd, .events = POLLIN },
			      { .fd = the.pipe[0], .events = POLLIN } };
	int news = 0;

	if (poll(p, ARRAY_SIZE(p), timeout_ms) <= 0)
		return 0;
	if (p[2].revents)
		news |= take_signals();
	if (p[1].revents & POLLIN)
		news |= TERM_WAKE;
	if (p[0].revents & POLLIN)
		news |= TERM_KEYS;
	if (p[0].revents & (POLLERR | POLLNVAL | POLLHUP))
		news |= TERM_END;
	return news;
}

static size_t base64(char *dst, const unsigned char *s, size_t n)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)s[i] << 16 | (i + 1 < n ? (unsigned)s[i + 1] << 8 : 0) |
			     (i + 2 < n ? s[i + 2] : 0);

		dst[len++] = set[v >> 18];
		dst[len++] = set[v >> 12 & 63];
		dst[len++] = i + 1 < n ? set[v >> 6 & 63] : '=';
		dst[len++] = i + 2 < n ? set[v & 63] : '=';
	}
	return len;
}

int term_copy(const char *text)
{
	static char out[TERM_COPY_MAX * 4 / 3 + 64];
	size_t n = strlen(text), len = 0;

	if (n > TERM_COPY_MAX)
		return -E2BIG;
	len = (size_t)sprintf(out, "\033]52;c;");
	len += base64(out + len, (const unsigned char *)text, n);
	out[len++] = '\a';
	return fwrite(out, 1, len, stdout) == len && !fflush(stdout) ? 0 : -EIO;
}

int term_key(void)
{
	wint_t c;

	switch (get_wch(&c)) {
	case OK:
		return (int)c;
	case KEY_CODE_YES:
		return TERM_CODE | (int)c;
	default:
		return 0;
	}
}
