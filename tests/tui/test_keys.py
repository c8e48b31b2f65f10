# SPDX-License-Identifier: GPL-2.0-or-later
"""What keys do: selection, marks, filter, dialogs, restore, panic. No mouse, no second program."""
import re

import pytest

from terminal import Term


@pytest.fixture
def t(deck):
    with Term([deck], 120, 36) as term:
        term.wait_for('web1')
        yield term


def inject(t, keys=''):
    """db1 of kvm1, file-write, with KEYS typed in the dialog before Inject."""
    t.keys('1')
    t.wait_for('Faults for vm:db1@kvm1')
    t.keys('<Enter><Enter>')
    t.wait_for('Inject kvm.file-write')
    t.keys(keys + '<Tab><Enter>')


def test_inject_watch_restore(t):
    t.keys('1<Enter><Enter>')
    t.wait_for('Inject kvm.file-write')
    for word in ('vm:db1@kvm1', 'action=return:-ENOSPC', 'disarm id=', 'ok: 1 of 3 nodes', 'risk',
                 'paused: the restore resumes it', '[>Cancel<]', '1 to 100 %'):
        assert word in t.text(), t.text()
    t.keys('<Enter>')  # the default is Cancel
    t.wait_gone('Inject kvm')
    assert 'Injected 0' in t.text()
    inject(t)
    t.wait_for('Injected 1')
    t.wait_for(re.compile(r'kvm.file-write  vm:db1@kvm1.*active'))
    t.wait_for('INJECTED 1')
    t.wait_for(re.compile(r'[1-9]\d* hits'))
    t.wait_for(re.compile('db1 +paused'))
    t.keys('R')
    t.wait_for('restored')
    t.wait_for('Injected 0, 1 finished')
    t.keys('a')
    t.wait_for('nothing is injected')


def test_fields_are_checked_where_they_are(t):
    t.keys('1<Enter><Enter>')
    t.wait_for('Inject kvm.file-write')
    t.keys('<BTab><C-u>5')  # the TTL
    t.wait_for('ttl_ms=5000')
    t.keys('<C-u>soon')
    t.wait_for('a duration from 1s up')
    t.wait_for('cannot inject')
    t.keys('<C-u>30s<BTab>drill 12<BTab><BTab><BTab><C-u>500')  # probability
    t.wait_for(re.compile(r'probability >500 .*100'))
    t.keys('<C-u>50')
    t.wait_for('probability=50')
    t.keys('<BTab><Right>')
    t.wait_for('action=return:-EROFS')
    t.keys('<Left><Left>')
    t.wait_for('action=return:-EDQUOT')
    t.keys('eee')
    t.wait_for('action=return:-EIO')
    t.keys('<Esc>')
    t.wait_gone('Inject kvm')


def test_a_refused_plan_cannot_be_injected(t):
    t.keys('1<Enter><Enter>')
    t.wait_for('Inject kvm.file-write')
    t.keys('<BTab><C-u>2h<Enter>')
    t.wait_for('refused: the TTL is over guard.max_ttl')
    t.wait_for('cannot inject')
    t.keys('<Tab><Enter>')
    t.pump(0.5)
    assert 'Inject kvm.file-write' in t.text()
    t.keys('<Esc>')
    assert 'Injected 0' in t.text()


def test_a_required_value_is_asked_for(t):
    t.keys('1<Enter><Down><Down><Enter>')
    t.wait_for('Inject kvm.cpu-fi')
    t.wait_for('cannot inject')
    t.keys('<BTab><BTab><BTab>7')
    t.wait_for('arm id=')
    t.wait_for('cannot be undone')


def test_a_fault_that_does_not_fit_says_why(t):
    t.keys('<Home><Tab><Tab><Down><Enter>')
    t.wait_for('kvm.file-write does not fit: is not for a node')


def test_next_vm_is_taken_from_the_node(t):
    t.keys('<Home><Tab><Tab><Enter>')
    t.wait_for('Inject kvm.ioctl-deny')
    t.wait_for('new-vm@kvm1')


def test_marks_stay_with_the_thing_and_count_for_actions(t):
    t.keys('1<Space><Space>')
    t.wait_for('Targets 7, 2 marked')
    t.keys('<Home><Left>')
    t.wait_for('Targets 5, 2 marked')
    t.keys('<Right><Tab><Tab>')
    t.wait_for('Faults for 2 marked')
    t.keys('<Enter>')
    t.wait_for('vm:web1@kvm1')
    assert 'vm:db1@kvm1' in t.text()
    t.keys('<Tab><Enter>')
    t.wait_for('INJECTED 2')
    t.keys('<BTab><BTab><BTab>R')
    t.wait_for('Injected 0, 2 finished')


def test_filter(t):
    t.keys('/web')
    t.wait_for(re.compile('Targets 4'))
    assert 'db1  ' not in t.text()
    t.keys('<Enter>')
    t.wait_for('/web')
    t.keys('/<C-u>!web<Enter>')
    t.wait_for(re.compile('Targets 5 .*/!web'))
    assert 'web1' not in t.text()
    t.keys('<Esc>')
    t.wait_for('Targets 7')


def test_renew_begins_the_ttl_anew(t):
    inject(t, '<BTab><C-u>20s<Tab>')
    t.wait_for('next ends in 0:17', 8)
    t.keys('+')
    t.wait_for(re.compile('next ends in 0:(20|19)'))


def test_ttl_expires(t):
    inject(t, '<BTab><C-u>2s<Tab>')
    t.wait_for('active')
    t.wait_for("expired: the node's TTL restored it", 8)
    t.wait_gone('INJECTED')


@pytest.mark.parametrize('key', ['<F9>', '<C-x>', 'X'])
def test_panic_everywhere(t, key):
    inject(t)
    t.wait_for('active')
    t.keys('?' + key)
    t.wait_for('NEW INJECTIONS ARE BLOCKED')
    t.wait_for(re.compile('kvm1 .*clean .*1 restored'))
    t.wait_for(re.compile('kvm3 .*failed'))
    t.keys('<Esc>x<Enter>')
    assert 'NEW INJECTIONS ARE BLOCKED' in t.text()
    t.keys('L')
    t.wait_gone('NEW INJECTIONS ARE BLOCKED')


@pytest.mark.parametrize('key', ['<F9>', '<C-x>'])
def test_panic_while_typing(t, key):
    t.keys('/aX')
    t.wait_for('/aX')
    assert 'BLOCKED' not in t.text()
    t.keys(key)
    t.wait_for('NEW INJECTIONS ARE BLOCKED')
    t.keys('L<Esc>1<Enter><Enter><BTab>X')
    t.wait_for('60sX')
    t.keys(key)
    t.wait_for('NEW INJECTIONS ARE BLOCKED')


def test_quit_asks_while_something_is_injected(t):
    inject(t)
    t.wait_for('active')
    t.keys('q')
    t.wait_for('Quit while something is injected?')
    t.wait_for('ends by itself in')
    t.keys('<Enter>')  # stay
    t.wait_gone('Quit while')
    t.keys('<C-c>')
    t.wait_for('Quit while something is injected?')
    t.keys('<Right><Enter>')
    assert t.wait_exit() == 0
    assert not t.sane()


def test_leave_them_to_their_ttl(t):
    inject(t)
    t.wait_for('active')
    t.keys('q<BTab><Enter>')
    assert t.wait_exit() == 0


def test_restore_all_asks(t):
    inject(t)
    t.wait_for('active')
    t.keys('6')
    t.wait_for('also what another')
    t.keys('<Enter>')
    t.pump(0.5)
    assert 'INJECTED 1' in t.text()
    t.keys('6<Tab><Enter>')
    t.wait_for('restored')


def test_unknown_host_key_is_shown_and_accepted(t):
    t.keys('<Home><Down><Down><Down>')
    t.wait_for('SHA256:nThbg6k')
    t.keys('<Enter>')
    t.wait_for('Unknown host key')
    assert 'SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 ' in t.text()
    t.keys('<Enter>')
    t.wait_gone('Unknown host key')
    t.keys('<Enter><Tab><Enter>')
    t.wait_for('2/3 nodes')


def test_selection_follows_the_thing(t):
    """kvm2 gets its VM when its key is accepted: rows move, the selection does not."""
    t.keys('<End>')
    t.wait_for('vm:web1@kvm3')
    t.keys('<Home><Down><Down><Down><Enter><Tab><Enter><End>')
    t.wait_for('2/3 nodes')
    assert 'vm:web1@kvm3' in t.text()


def test_status_page(t):
    t.keys('5')
    t.wait_for('Status of lab')
    t.wait_for('1 of 3 nodes up')
    t.wait_for('no answer from')


def test_a_field_shows_its_choices_and_completes(t):
    t.keys('<Home><Tab><Tab>')  # a node: net-delay of its peers
    t.keys('<End>')
    t.wait_for('Faults for kvm1')
    t.keys('/net-delay<Enter><Enter>')
    t.wait_for('Inject host.net-delay')
    t.keys('<Tab><Tab><Tab>')  # over the buttons and the first field
    t.keys('<C-u>kv')
    t.wait_for('Right: kvm1')
    t.keys('<Right>,role:k<Right>')
    t.wait_for('kvm1,role:kvm')
