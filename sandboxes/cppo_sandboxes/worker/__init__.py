"""The worker: runs judged programs, one fresh process per test, and reports what they did.

It is sent to the machine where it runs (`cppo_sandboxes.host.worker_code`) and needs only python3 ≥
3.9 there. It knows test inputs, never expected outputs.

    hub       reads the host's frames, stores test inputs, starts one program after another, watches
     └ zygote     a fresh interpreter with a set of modules imported; forks one process per program
        └ program     compiles once, forks one process per test; a single test runs in it
           └ test         another uid, limits, no inherited descriptors: runs the code, exits

Every process but the last is trusted. The cost of a test is what a forked process maps and touches.
So the forking processes import C modules (`_signal`, `_struct`, `_socket`) instead of the stdlib's
larger wrappers, and only fork and wait, in C if the image has `image/cppo_fork.c`. The hub, which
decides, is never forked from.
"""
