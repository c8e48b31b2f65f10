// SPDX-License-Identifier: GPL-2.0-or-later
/* The stream of injections: a ring that keeps the newest, and its readers. */
#include <linux/irq_work.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include "events.h"
#include "names.h"
#include "regs.h"
#include "rules.h"

struct record {
	u64 ns;
	int cpu, tgid, tid;
	char comm[TASK_COMM_LEN];
	char id[FDK_ID_MAX + 1];
	const struct fdk_point *point;
	enum fdk_act act;
	int reg;                /* that was changed, plus 1 */
	struct fdk_event event; /* its rule may be gone */
};

struct reader {
	struct mutex lock;
	u64 next;
	bool greeted;
	char line[640];
	size_t len, off;
};

/* Held for one copy, interrupts off. Calls that are not hit never come here. */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct record *ring;
static u64 head;
static atomic_long_t lost;
static DECLARE_WAIT_QUEUE_HEAD(readers);

static void wake(struct irq_work *work)
{
	wake_up_interruptible(&readers);
}
static struct irq_work wake_work;

static void record_fill(struct record *r, const struct fdk_event *event)
{
	r->ns = ktime_get_boot_fast_ns();
	r->cpu = raw_smp_processor_id();
	r->tgid = current->tgid;
	r->tid = current->pid;
	memcpy(r->comm, current->comm, sizeof(r->comm));
	memcpy(r->id, event->rule->spec.id, sizeof(r->id));
	r->point = event->rule->spec.point;
	r->act = event->rule->spec.action.kind;
	r->reg = r->point->actions & FDK_ACTS_REG ? event->rule->spec.action.reg + 1 : 0;
	r->event = *event;
}
NOKPROBE_SYMBOL(record_fill);

void fdk_events_put(const struct fdk_event *event)
{
	struct record r;
	unsigned long flags;

	record_fill(&r, event);
	if (!raw_spin_trylock_irqsave(&ring_lock, flags)) {
		if (in_nmi()) {
			atomic_long_inc(&lost);
			return;
		}
		raw_spin_lock_irqsave(&ring_lock, flags);
	}
	ring[head % FDK_EVENTS_MAX] = r;
	WRITE_ONCE(head, head + 1);
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	irq_work_queue(&wake_work);
}
NOKPROBE_SYMBOL(fdk_events_put);

static u64 oldest(u64 now)
{
	return now > FDK_EVENTS_MAX ? now - FDK_EVENTS_MAX : 0;
}

/* Copies the record that the reader is at and steps on; how many were overwritten to *dropped. */
static bool take(struct reader *rd, struct record *r, u64 *dropped)
{
	unsigned long flags;
	u64 first;
	bool have;

	raw_spin_lock_irqsave(&ring_lock, flags);
	first = oldest(head);
	*dropped = rd->next < first ? first - rd->next : 0;
	rd->next += *dropped;
	have = !*dropped && rd->next < head;
	if (have)
		*r = ring[rd->next++ % FDK_EVENTS_MAX];
	raw_spin_unlock_irqrestore(&ring_lock, flags);
	return have;
}

static void print_value(const struct record *r, long long value, struct fdk_text *t)
{
	const struct fdk_name *row = NULL;

	if (r->reg)
		fdk_text_add(t, "0x%llx", (unsigned long long)value);
	else if (r->point->codes)
		fdk_result_print(r->point, value, t);
	else if (r->point->errnos && value < 0 &&
		 (row = fdk_name_of(fdk_errnos, (unsigned int)-value)))
		fdk_text_add(t, "-%s", row->name);
	else
		fdk_text_add(t, "%lld", value);
}

static void print_call(const struct record *r, struct fdk_text *t)
{
	const struct fdk_call *call = &r->event.call;
	char reg[8];

	if (call->kind != FDK_KIND_NONE)
		fdk_text_add(t, " dev=%u:%u ino=%llu off=%lld len=%lld", MAJOR(call->dev),
			     MINOR(call->dev), call->ino, call->at, call->len);
	else if (r->point->keys & FDK_BIT(FDK_KEY_RANGE))
		fdk_text_add(t, " at=0x%llx", (unsigned long long)call->at);
	if (r->point->cmds) {
		fdk_text_add(t, " cmd=");
		fdk_cmd_print(r->point, call->cmd, t);
	}
	if (r->point->keys & FDK_BIT(FDK_KEY_EXT))
		fdk_text_add(t, " arg=%lld", (long long)call->ext);
	if (r->point->keys & FDK_BIT(FDK_KEY_VCPU))
		fdk_text_add(t, " vcpu=%d", call->vcpu);
	if (r->reg) {
		fdk_reg_name(r->reg - 1, reg);
		fdk_text_add(t, " reg=%s", reg);
	}
	if (call->task)
		fdk_text_add(t, " task=%d", call->task);
}

static void print_record(const struct record *r, u64 seq, struct fdk_text *t)
{
	fdk_text_add(t, "seq=%llu time=%llu.%09llu id=%s point=%s cpu=%d tgid=%d tid=%d comm=", seq,
		     r->ns / NSEC_PER_SEC, r->ns % NSEC_PER_SEC, r->id, r->point->name, r->cpu,
		     r->tgid, r->tid);
	fdk_text_word(t, r->comm, strnlen(r->comm, sizeof(r->comm)));
	fdk_text_add(t, " what=%s from=", fdk_action_names[r->act]);
	if (r->event.has_from)
		print_value(r, r->event.from, t);
	else
		fdk_text_add(t, "-");
	fdk_text_add(t, " to=");
	print_value(r, r->event.to, t);
	print_call(r, t);
	fdk_text_add(t, "\n");
}

/* The reader's next line; false: there is none yet. */
static bool next_line(struct reader *rd)
{
	struct fdk_text t = { rd->line, sizeof(rd->line), 0 };
	struct record r;
	u64 dropped = 0;

	if (!rd->greeted)
		fdk_text_add(&t, "# faultdeck events; time: seconds of CLOCK_BOOTTIME; lost=%ld\n",
			     atomic_long_read(&lost));
	else if (take(rd, &r, &dropped))
		print_record(&r, rd->next - 1, &t);
	else if (dropped)
		fdk_text_add(&t, "# dropped=%llu\n", dropped);
	rd->greeted = true;
	rd->off = 0;
	rd->len = t.len;
	return t.len > 0;
}

static bool has_more(const struct reader *rd)
{
	return !rd->greeted || rd->off < rd->len || READ_ONCE(head) != rd->next;
}

static ssize_t copy_lines(struct reader *rd, char __user *buf, size_t count)
{
	size_t done = 0;

	while (done < count && (rd->off < rd->len || next_line(rd))) {
		size_t n = min(count - done, rd->len - rd->off);

		if (copy_to_user(buf + done, rd->line + rd->off, n))
			return done ? (ssize_t)done : -EFAULT;
		rd->off += n;
		done += n;
	}
	return (ssize_t)done;
}

static ssize_t events_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct reader *rd = file->private_data;
	ssize_t rc;

	if (!count)
		return 0;
	if (mutex_lock_interruptible(&rd->lock))
		return -ERESTARTSYS;
	while (!(rc = copy_lines(rd, buf, count))) {
		rc = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		rc = wait_event_interruptible(readers, has_more(rd));
		if (rc)
			break;
	}
	mutex_unlock(&rd->lock);
	return rc;
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &readers, wait);
	return has_more(file->private_data) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* To the start: all that is still held. To the end: only what comes. */
static loff_t events_llseek(struct file *file, loff_t off, int whence)
{
	struct reader *rd = file->private_data;

	if (off || (whence != SEEK_SET && whence != SEEK_END))
		return -EINVAL;
	mutex_lock(&rd->lock);
	rd->next = whence == SEEK_END ? READ_ONCE(head) : oldest(READ_ONCE(head));
	rd->len = rd->off = 0;
	mutex_unlock(&rd->lock);
	return 0;
}

static int events_open(struct inode *inode, struct file *file)
{
	struct reader *rd = kzalloc(sizeof(*rd), GFP_KERNEL);

	if (!rd)
		return -ENOMEM;
	mutex_init(&rd->lock);
	rd->next = oldest(READ_ONCE(head));
	file->private_data = rd;
	return 0;
}

static int events_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

const struct file_operations fdk_events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.read = events_read,
	.poll = events_poll,
	.llseek = events_llseek,
	.release = events_release,
};

int fdk_events_start(void)
{
	init_irq_work(&wake_work, wake);
	ring = vzalloc(array_size(FDK_EVENTS_MAX, sizeof(*ring)));
	return ring ? 0 : -ENOMEM;
}

void fdk_events_stop(void)
{
	irq_work_sync(&wake_work);
	vfree(ring);
}
