#include <unistd.h>
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
    close(0), close(1), close(2);
    puts("x");
}
