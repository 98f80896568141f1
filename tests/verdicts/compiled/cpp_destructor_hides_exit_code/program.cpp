#include <unistd.h>

struct Last {
    ~Last() { _exit(0); }
} last;
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
    return 5;
}
