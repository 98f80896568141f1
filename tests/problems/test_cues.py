"""What a statement says about its judge: sentences that say it, and sentences that only look so."""

import pytest

from cppo_env.problems.layouts.cues import (
    ANY_CASE,
    INTERACTIVE,
    ONE_ANSWER,
    SEVERAL_ANSWERS,
    checker_for,
    checker_for_call,
    meanings,
)

SAYS = {
    SEVERAL_ANSWERS: """
If there are several such arrays, output any of them.
If there exist multiple valid configurations, you are free to output any.
In case of multiple solutions, print any one.
You may print any such permutation.
If there's more than one answer, any will be accepted.
Multiple answers are accepted.
If there are many, output whichever you like.
Output one possible arrangement.
Note that the answer may not be unique; any correct one is accepted.
You can output the vertices in any order.
The pairs may be printed in any order.
If multiple optimal solutions exist, you can print any of them.
It does not matter which one you print.
Print one of the possible solutions.
If there are multiple possible ways, you may choose any.
Print these indices in arbitrary order.
Print k distinct integers, in any order.
If the solution is not unique, output any.
Find one such array.
You may return the answer in any order.
There may be multiple correct answers; all will be accepted.
Output any suitable string.
Print a suitable matrix; if several exist, print any.
If several answers exist you can output any of these.
Should there be several answers, print any.
If more than one sequence satisfies the condition, any of them is acceptable.
Return any valid string.
If there are multiple answers, print any of them.
If there are several answers, you can print any.
If there are many answers you can print any of them.
If there are multiple such integers, output any.
If there are multiple optimal answers, print any of them.
If there are several possible answers you can print any.
In case of multiple answers, print any.
If there can be several answers, print any of them.
If multiple solutions exist, you may print any of them.
If there are several such cells, you may output any of them.
If there are several required schedules, then output any of them.
If there are multiple good sequences with the same minimum sum, printing any of them is accepted.
If there are many such sequences, any of them will be accepted.
If there are multiple solutions where the number of universal quantifiers is maximum, print any.
If there are multiple solutions achieving the minimum number of operations, you may output any.
If there are several correct sequences of minimum length, you are allowed to print any of them.
If there are multiple subsets with this largest size, you can output any of them.
In the second line, print any valid sequence possible to get in the minimum number of changes.
Otherwise, print any suitable value of d (1 ≤ d ≤ 10^{18}).
Your task is to find any value of d which yields a beautiful coloring.
Your task is to find any suitable permutation (i.e. any order of the numbers).
Print n integers p_1, ..., p_n — any suitable permutation.
Given n, find any array a_1, …, a_n of integers such that all of the following conditions hold.
Find any "fair" game schedule for n people.
Your goal is to find any word such that it's possible to write down all its bigrams.
You can print the pairs in any order.
Indices could be printed in any order.
You can return the answer in any order.
Return all such indices in any order.
The order of the lines does not matter.
If there are several solutions, print an arbitrary one.
If there are multiple answers, any of them is acceptable.
Any valid answer will be accepted.
If more than one solution exists, all of them are accepted.
""",
    INTERACTIVE: """
This problem is interactive.
In this task you interact with a jury program.
Your program must flush after each query.
Remember to flush the output after printing each line.
The interactor is adaptive.
To flush use fflush(stdout).
Use cout.flush() or System.out.flush() after each query.
You have to communicate with the judge via standard input and output.
This is an interactive problem.
This is an interactive problem!
After printing a query do not forget to flush the output.
To interact with the judge, print a question.
The interactor answers with one number.
""",
    ONE_ANSWER: """
You may assume that each input would have exactly one solution.
It can be shown that the answer is unique.
The solution is guaranteed to be unique.
It is guaranteed that the answer is unique.
You may assume that each input has exactly one solution.
""",
    ANY_CASE: """
You can output the answer in any case (upper or lower).
You may print each letter in any case (upper or lower).
The strings yEs, yes, Yes and YES will be recognized as positive responses.
Each letter can be printed in any case.
Output Yes or No (in any case).
Print "YES" or "NO" in any case.
The answer may be printed in uppercase or lowercase.
Output is not case-sensitive.
Output is case insensitive.
You can print each letter in any case (upper or lower).
You can print each letter in any register (upper or lower).
The letters in the words YES and NO can be printed in any case.
You can print the words in any case (either lowercase, uppercase or mixed).
For each test case, first print either YES or NO (in any case), whether there's a tree.
The answer can be printed in any case.
You may print every letter in any case you want (so "yEs" and "yes" will both be recognized).
You can output the answer in any case (for example, "yEs" will be recognized as positive).
The output is case insensitive (so "yEs" and "No" will also be accepted).
For each test case, print YES (case-insensitive), if the farm is ideal.
The judge is case-insensitive; for example, outputs such as yes will be accepted.
You can print "YES" and "NO" in uppercase or lowercase.
Answers may be printed in upper or lower case.
The case of letters in your output does not matter.
Your output is accepted regardless of case.
The checker is not case sensitive.
The strings "yEs", "yes", "Yes" and "YES" are all recognized as a positive answer.
""",
}
LOOKS_LIKE = {
    SEVERAL_ANSWERS: """
If any of the operations is impossible, print -1.
Print the lexicographically smallest one among all such strings.
You can perform the operations in any order.
Determine whether any pair of them sums to k.
If there are multiple answers, print the smallest one.
In case of a tie print the one with the smallest index.
If there are several answers, print the lexicographically largest.
The queries may come in any order.
You can choose any integer x and add it to all elements.
Count the number of different arrays that can be obtained.
Print the maximum number of points over all possible orders.
Find the number of ways to output any sequence.
If multiple players have the same score, any of them may win; print the number of possible winners.
Each operation picks any element and removes it.
Note that the order of elements in a set doesn't matter, i.e set {1, 2} equals to set {2, 1}.
Print UNIQUE, NONE if he cannot create any, and MULTIPLE if there is more than one way to do so.
If there are multiple answers, print the lexicographically smallest one.
If there are several such strings, output the shortest of them.
Print the lexicographically minimum string that can be obtained.
If multiple such pairs exist, choose the leftmost one.
As there are multiple possible answers, find the dimensions with the minimal possible area.
You may perform the following operation any number of times in any order.
He can repeatedly perform the following two types of actions in any order:
- Rearrange the elements of sequence A in any order.
It is allowed to solve problems in any order.
Elements of b can appear in the resulting array in any order.
You can use each trade offer any number of times you want to, in any order.
In one operation you can choose any consecutive substring of s and reverse it.
Choose any digit from n that is not 9 and increase it by 1.
For the one move you can choose any even value c and divide by two all elements that equal c.
In one operation, you can choose any index i and change word[i] to any lowercase letter.
Robot can choose any cell as the starting cell.
Takahashi can choose any subset of these foods.
Casimir can choose any of two possible actions on each turn.
Andrew can choose any non-empty subsequence of pokemons.
Do not print any extra spaces.
Your program must not output any other text.
The input consists of multiple test cases.
There may be multiple edges between a pair of nodes.
Each city has several roads, and any two cities are joined by a path.
He was unable to find any solution.
If several players have the same score, the one who came first wins.
The sum over all test cases does not exceed 10^5 in any case.
""",
    INTERACTIVE: """
He plays an interactive game with his friend.
The toilet flush takes 3 seconds.
Two players interact with each other.
Print the interaction energy.
The royal flush is the best hand.
She designs interactive games for children.
Water flushes the pipes every hour.
""",
    ONE_ANSWER: """
Count the number of unique answers.
Print the unique elements.
All elements of the array are unique.
Find the number of unique answers.
""",
    ANY_CASE: """
The string consists of uppercase and lowercase letters.
In any case, print the sum.
Convert the string to upper case or lower case depending on counts.
Print -1 in any other case.
The password may contain upper or lower case letters.
In either case, she wins one coin.
So, in any case, we will win all n = 4 rounds, so the answer is 4.
In any case, print -1 if there is none.
The string consists of uppercase or lowercase letters.
S consists of lowercase English letters.
Print the word in lowercase.
If there is no valid pair, return an empty string; the positive integers are distinct.
Print YES if there is a path and NO otherwise.
Compare the words case-insensitively and print the first one.
If the first character is upper or lower case, print it.
Each test case is independent of any other test case.
Print the answer for each test case on a line.
""",
}


def sentences(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(means, line) for means, text in table.items() for line in text.strip().split("\n")]


@pytest.mark.parametrize(("means", "sentence"), sentences(SAYS))
def test_a_sentence_says_it(means: str, sentence: str):
    assert means in meanings(f"A story. {sentence} The end.")
    assert meanings("A story.\n\n" + sentence.replace(" ", "\n", 1)) >= {means}


@pytest.mark.parametrize(("means", "sentence"), sentences(LOOKS_LIKE))
def test_a_sentence_only_looks_like_it(means: str, sentence: str):
    assert means not in meanings(f"A story. {sentence} The end.")


TOLERANCES = {
    "Your answer will be considered correct if its absolute or relative error doesn't exceed "
    "$10^{-6}$.": "float_1e-6",
    "You answer is considered correct, if its absolute or relative error does not exceed "
    "10^{ - 6}.": "float_1e-6",
    "Your answer is considered correct if its absolute or relative error does not exceed "
    "10^{-4}.": "float_1e-4",
    "Your answer is accepted if and only if \\frac{|a - b|}{max{(1, |b|)}} ≤ 10^{-4}.": (
        "float_1e-4"
    ),
    "Your answer is considered correct if the absolute or relative error from the true solution "
    "does not exceed 10^{-8}.": "float_1e-8",
    "Answers within 10^-5 of the actual answer will be accepted.": "float_1e-5",
    "All numbers should be correct up to $10^{-6}$ relative or absolute precision.": "float_1e-6",
    "absolute error must not exceed 0.0001": "float_1e-4",
    "The output is accepted with an error of at most 1e-9.": "float_1e-9",
    "Your answer must differ from the jury's by less than 0.01.": "float_1e-2",
    "Print the answer with a precision of 10⁻⁷.": "float_1e-7",
    "The result should be accurate to 10**-3.": "float_1e-3",
    "The answer should be correct to 3 decimal places.": "float_1e-3",
    "The answer is correct if the relative error is below 10^-9 or the absolute one below 10^-6.": (
        "float_1e-6"
    ),
    "Print a number with an absolute error of at most 10-6.": "float_1e-6",
    "Any answer within an absolute tolerance of 1e-15 is accepted.": "float_1e-12",
    "Your answer will be accepted if it is within 10^{-3} of the jury's.": "float_1e-3",
    "Value C is given exactly with three digits after the decimal point.": "strict",
    "Changing it by 0.001 in any direction will not change the test answer.": "strict",
    "- -10^9 <= nums[i] <= 10^9, and the answer fits 64 bits.": "strict",
    "Return the answer modulo 10^9 + 7.": "strict",
    "Print the answer within 10 lines.": "strict",
    "The sensor has an error of 10^-3.": "strict",
    "Print the price rounded to two decimal places.": "strict",
    "The difference of the answers is at most 10.": "strict",
    "There will be at most six digits after the decimal point in the given p.": "strict",
}


@pytest.mark.parametrize("sentence", TOLERANCES)
def test_the_error_that_a_statement_allows_is_its_checker(sentence: str):
    assert checker_for(f"A story. {sentence} The end.") == TOLERANCES[sentence]


def test_calls_take_tolerances_and_arrays_in_any_order():
    assert checker_for_call("Answers within 10^-5 of the actual answer are accepted.") == (
        "float_1e-5"
    )
    assert checker_for_call("You can return the answer in any order.") == "unordered"
    assert checker_for_call("Perform operations in any order. Return the result.") == "strict"


def test_the_table_is_tested_by_enough_sentences():
    assert len(sentences(SAYS)) + len(sentences(LOOKS_LIKE)) + len(TOLERANCES) >= 120
