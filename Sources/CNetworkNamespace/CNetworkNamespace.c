#define _GNU_SOURCE
#include "CNetworkNamespace.h"

#include <errno.h>

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/socket.h>

// A thread's namespace is its own, and this one ends right after: nothing has to be switched back.
static void *enter_and_make(void *argument) {
    int descriptor = (int)(intptr_t)argument;
    if (setns(descriptor, CLONE_NEWNET) != 0) return (void *)(intptr_t)-errno;
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return (void *)(intptr_t)(made >= 0 ? made : -errno);
}

int cnetns_socket(int namespace_descriptor) {
    pthread_t thread;
    void *result = NULL;
    int failure = pthread_create(&thread, NULL, enter_and_make, (void *)(intptr_t)namespace_descriptor);
    if (failure != 0) return -failure;
    failure = pthread_join(thread, &result);
    return failure != 0 ? -failure : (int)(intptr_t)result;
}
#else
int cnetns_socket(int namespace_descriptor) {
    (void)namespace_descriptor;
    return -ENOSYS;
}
#endif
