// SPDX-License-Identifier: GPL-2.0-or-later
#include "backends.h"

#include "kvm/kvm.h"

const struct backend *const backends[] = { &kvm_backend, NULL };
