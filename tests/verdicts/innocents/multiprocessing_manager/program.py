import multiprocessing

if __name__ == "__main__":
    n = int(input())
    with multiprocessing.Manager() as manager:
        numbers = manager.list([n] * n)
        print(sum(numbers))
