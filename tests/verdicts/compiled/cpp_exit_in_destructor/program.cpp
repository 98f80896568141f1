#include <cstdlib>

struct Last {
    ~Last() { _Exit(3); }
} last;
#include <cstdio>

int main() {
    int a, b;
    scanf("%d %d", &a, &b);
    printf("%d\n", a + b);
    fflush(stdout);
}
