// What Glibc's Swift module lacks. (Not named CSystem: swift-system has a target of that name.)
#pragma once
#include "cposix_events.h"
#include "cposix_guard.h"
#include "cposix_memory.h"
#include "cposix_network.h"
#include "cposix_resolve.h"
#include "cposix_spawn.h"
