import multiprocessing


def double(x):
    return 2 * x


def main():
    n = int(input())
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(double, [n, 1]) == [2 * n, 2], method
    print(n * n)


if __name__ == "__main__":
    main()
