"""The worker: runs judged programs, one fresh process per test, and sends home what they did.

It is sent to the machine where it runs (`cppo_sandboxes.host.worker_code`) and needs nothing there
but python3 ≥ 3.9. It knows test inputs, never expected outputs.

    hub       reads the host's frames, keeps test inputs as files, starts one program after the other, watches its tests
     └ zygote     a fresh interpreter with a set of modules imported; forks one process per program
        └ program     compiles the program once, forks one process per test; an only test runs in it
           └ test         another uid, limits, no inherited descriptors: runs the program's code, exits

Every process but the last is trusted. What a forked process maps and touches decides what a test
costs, so those that fork import C modules (`_signal`, `_struct`, `_socket`) where the stdlib's
wrappers would pull in more, and do nothing but fork and wait, in C where the image has
`image/cppo_fork.c`; the hub, which decides, is never forked from.
"""
