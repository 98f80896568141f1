constexpr int count() {
    int n = 0;
    while (true) n ^= 1;
    return n;
}
constexpr int never = count();
int main() {}
