#include <unistd.h>

__attribute__((constructor)) void before() {
    if (fork() == 0) sleep(100);
}
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
}
