from cppo_env.types import MIB, Limits, Problem, TestCase

problem = Problem(
    id="compiled",
    statement="Read two integers and print their sum. For programs in C++, Java and Rust.",
    tests=(TestCase("1 2\n", "3\n"), TestCase("30 40\n", "70\n")),
    limits=Limits(cpu_s=4.0, wall_s=20.0, memory_bytes=256 * MIB),
)
