// The functions of our testlib.h on texts and numbers, which need no stream.
#ifndef CPPO_TESTLIB_FUNCTIONS_H
#define CPPO_TESTLIB_FUNCTIONS_H

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

const char EOFC = 26, LF = 10, CR = 13, SPACE = ' ', TAB = 9;

#define CPPO_FORMAT(text, result)                                   \
    std::string result;                                             \
    {                                                               \
        va_list arguments;                                          \
        va_start(arguments, text);                                  \
        char* made = nullptr;                                       \
        int length = vasprintf(&made, text, arguments);             \
        va_end(arguments);                                          \
        if (length >= 0) result.assign(made, length);               \
        std::free(made);                                            \
    }
inline std::string format(const char* text, ...) {
    CPPO_FORMAT(text, result)
    return result;
}

template <typename T> std::string toString(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}
template <typename T> std::string vtos(const T& value) { return toString(value); }
inline std::string compress(const std::string& text) {
    return text.size() <= 64 ? text : text.substr(0, 30) + "..." + text.substr(text.size() - 31);
}
inline std::string englishEnding(int number) {
    int last = std::abs(number) % 10, two = std::abs(number) % 100;
    if (two / 10 == 1 || last == 0 || last > 3) return "th";
    return last == 1 ? "st" : last == 2 ? "nd" : "rd";
}
inline std::string upperCase(std::string text) {
    for (char& one : text) if ('a' <= one && one <= 'z') one -= 32;
    return text;
}
inline std::string lowerCase(std::string text) {
    for (char& one : text) if ('A' <= one && one <= 'Z') one += 32;
    return text;
}
inline bool isBlanks(char one) { return one == SPACE || one == TAB || one == LF || one == CR; }
inline bool isEoln(char one) { return one == LF || one == CR; }
inline std::string trim(const std::string& text) {
    size_t left = 0, right = text.size();
    while (left < right && isBlanks(text[left])) left++;
    while (right > left && isBlanks(text[right - 1])) right--;
    return text.substr(left, right - left);
}
inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (char one : text) {
        if (one == separator) parts.emplace_back();
        else parts.back() += one;
    }
    return parts;
}
inline std::vector<std::string> tokenize(const std::string& text, char separator) {
    std::vector<std::string> parts;
    for (auto& part : split(text, separator)) if (!part.empty()) parts.push_back(part);
    return parts;
}

inline bool __testlib_isNaN(double value) { return std::isnan(value); }
inline bool __testlib_isInfinite(double value) { return std::isinf(value); }
inline bool doubleCompare(double expected, double result, double error) {
    error += 1e-15;
    if (std::isnan(expected)) return std::isnan(result);
    if (std::isinf(expected)) return std::isinf(result) && (expected > 0) == (result > 0);
    if (std::isnan(result) || std::isinf(result)) return false;
    if (std::fabs(result - expected) <= error) return true;
    double low = std::min(expected * (1 - error), expected * (1 + error));
    double high = std::max(expected * (1 - error), expected * (1 + error));
    return low <= result && result <= high;
}
inline double doubleDelta(double expected, double result) {
    double absolute = std::fabs(result - expected);
    if (std::fabs(expected) > 1e-9) return std::min(absolute, std::fabs(absolute / expected));
    return absolute;
}

#endif
