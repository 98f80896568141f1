#include <csignal>
#include <unistd.h>
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
    signal(SIGSEGV, [](int) { _exit(0); });
    *(volatile int*)0 = 1;
}
