#include <csignal>
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
    signal(SIGSEGV, SIG_IGN);
    *(volatile int*)0 = 1;
}
