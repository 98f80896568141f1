// The part of testlib that published checkers use, written anew for this project.
//
// The names and their meaning are those that the author of testlib documents for checkers: the
// streams inf, ouf and ans, their readers, quitf, and exit codes 0 to 4 and 7. Validators,
// generators and interactors are not here. The three files arrive on standard input: a line with
// their sizes, then input, answer and output, one behind the other.
#ifndef CPPO_TESTLIB_H
#define CPPO_TESTLIB_H

#include <cctype>
#include <climits>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "testlib_functions.h"
#include "testlib_pattern.h"

enum TResult {
    _ok = 0, _wa = 1, _pe = 2, _fail = 3, _dirt = 4, _points = 5, _unexpected_eof = 8,
    _partially = 16
};
enum TMode { _input, _output, _answer };

[[noreturn]] inline void quit(TResult result, const std::string& message);

class InStream {
  public:
    std::string name;
    TMode mode = _input;

    void open(std::string text, const char* called, TMode as) {
        text_ = std::move(text);
        at_ = 0;
        name = called;
        mode = as;
    }

    // Any complaint about a file that the contestant did not write is the jury's failure.
    [[noreturn]] void quit(TResult result, const std::string& message) {
        if (mode != _output && result != _ok && result != _fail) result = _fail;
        ::quit(result, message);
    }
    [[noreturn]] void quit(TResult result, const char* message) {
        quit(result, std::string(message));
    }
    [[noreturn]] void quitf(TResult result, const char* text, ...) {
        CPPO_FORMAT(text, message)
        quit(result, message);
    }
    void quitif(bool condition, TResult result, const char* text, ...) {
        if (!condition) return;
        CPPO_FORMAT(text, message)
        quit(result, message);
    }
    void ensuref(bool condition, const char* text, ...) {
        if (condition) return;
        CPPO_FORMAT(text, message)
        quit(_wa, message);
    }
    void ensure(bool condition, const std::string& message = "") {
        if (!condition) quit(_wa, message);
    }

    char curChar() const { return at_ < text_.size() ? text_[at_] : EOFC; }
    void skipChar() { if (at_ < text_.size()) at_++; }
    char nextChar() { char one = curChar(); skipChar(); return one; }
    char readChar() { return nextChar(); }
    char readChar(char wanted) {
        char found = readChar();
        if (found != wanted) {
            quit(_pe, format("Unexpected character #%d, but #%d expected", found, wanted));
        }
        return found;
    }
    char readSpace() { return readChar(SPACE); }
    void unreadChar(char) { if (at_ > 0) at_--; }
    void skipBlanks() { while (at_ < text_.size() && isBlanks(text_[at_])) at_++; }
    void reset() { at_ = 0; }

    bool eof() const { return at_ >= text_.size(); }
    bool seekEof() { skipBlanks(); return eof(); }
    bool eoln() {
        if (eof()) return true;
        if (text_[at_] == CR && at_ + 1 < text_.size() && text_[at_ + 1] == LF) at_ += 2;
        else if (text_[at_] == LF) at_++;
        else return false;
        return true;
    }
    bool seekEoln() {
        while (at_ < text_.size() && (text_[at_] == SPACE || text_[at_] == TAB)) at_++;
        return eoln();
    }
    void readEoln() { if (!eoln()) quit(_pe, "Expected EOLN"); }
    void nextLine() { readLine(); }
    void readEof() { if (!seekEof()) quit(_pe, "Expected EOF"); }

    std::string readWord() {
        skipBlanks();
        if (eof()) quit(_unexpected_eof, "Unexpected end of file - token expected");
        size_t start = at_;
        while (at_ < text_.size() && !isBlanks(text_[at_])) at_++;
        return text_.substr(start, at_ - start);
    }
    std::string readToken() { return readWord(); }
    std::string readLine() {
        if (eof()) quit(_unexpected_eof, "Expected line");
        size_t end = text_.find(LF, at_);
        std::string line = text_.substr(at_, end == std::string::npos ? end : end - at_);
        at_ = end == std::string::npos ? text_.size() : end + 1;
        if (!line.empty() && line.back() == CR) line.pop_back();
        return line;
    }
    std::string readString() { return readLine(); }
#define CPPO_MATCHED(name, what)                                                          \
    std::string name(const pattern& wanted, const std::string& variable = "") {           \
        return matched(name(), wanted, variable, what);                                   \
    }                                                                                     \
    template <typename... Rest> void name##To(std::string& result, const Rest&... rest) { \
        result = name(rest...);                                                           \
    }
    CPPO_MATCHED(readWord, "Token")
    CPPO_MATCHED(readToken, "Token")
    CPPO_MATCHED(readLine, "Line")
    CPPO_MATCHED(readString, "Line")

    long long readLong() {
        std::string token = readWord();
        errno = 0;
        char* end = nullptr;
        long long value = std::strtoll(token.c_str(), &end, 10);
        if (!is_integer(token) || errno) {
            quit(_pe, "Expected integer, but \"" + compress(token) + "\" found");
        }
        return value;
    }
    unsigned long long readUnsignedLong() {
        std::string token = readWord();
        errno = 0;
        unsigned long long value = std::strtoull(token.c_str(), nullptr, 10);
        if (!is_integer(token) || token[0] == '-' || errno) {
            quit(_pe, "Expected unsigned integer, but \"" + compress(token) + "\" found");
        }
        return value;
    }
    int readInteger() {
        long long value = readLong();
        if (value < INT_MIN || value > INT_MAX) {
            quit(_pe, "Expected int32, but \"" + toString(value) + "\" found");
        }
        return (int)value;
    }
    int readInt() { return readInteger(); }
    double readReal() {
        std::string token = readWord();
        char* end = nullptr;
        double value = std::strtod(token.c_str(), &end);
        bool plain = token.find_first_not_of("+-.0123456789eE") == std::string::npos;
        if (!plain || *end || end == token.c_str() || !std::isfinite(value)) {
            quit(_pe, "Expected double, but \"" + compress(token) + "\" found");
        }
        return value;
    }
    double readDouble() { return readReal(); }

#define CPPO_RANGE(name, type)                                               \
    type name(type low, type high, const std::string& variable = "") {       \
        return in_range(name(), low, high, variable);                        \
    }
    CPPO_RANGE(readLong, long long)
    CPPO_RANGE(readUnsignedLong, unsigned long long)
    CPPO_RANGE(readInteger, int)
    CPPO_RANGE(readInt, int)
    CPPO_RANGE(readReal, double)
    CPPO_RANGE(readDouble, double)
    double readStrictReal(
        double low, double high, int least, int most, const std::string& variable = "") {
        skipBlanks();
        size_t start = at_;
        double value = readReal(low, high, variable);
        std::string token = text_.substr(start, at_ - start);
        size_t point = token.find('.');
        int digits = point == std::string::npos ? 0 : (int)(token.size() - point - 1);
        bool plain = token.find_first_of("eE+") == std::string::npos;
        if (!plain || digits < least || digits > most) {
            quit(_pe, "Expected strict double, but \"" + compress(token) + "\" found");
        }
        return value;
    }
    double readStrictDouble(
        double low, double high, int least, int most, const std::string& variable = "") {
        return readStrictReal(low, high, least, most, variable);
    }

#define CPPO_MANY(name, one, type)                                                        \
    template <typename... Rest> std::vector<type> name(int count, Rest... rest) {         \
        std::vector<type> values;                                                         \
        for (int n = 0; n < count; n++) values.push_back(one(rest...));                   \
        return values;                                                                    \
    }
    CPPO_MANY(readInts, readInt, int)
    CPPO_MANY(readIntegers, readInt, int)
    CPPO_MANY(readLongs, readLong, long long)
    CPPO_MANY(readReals, readReal, double)
    CPPO_MANY(readDoubles, readReal, double)
    CPPO_MANY(readWords, readWord, std::string)
    CPPO_MANY(readTokens, readWord, std::string)
    CPPO_MANY(readLines, readLine, std::string)
    CPPO_MANY(readStrings, readLine, std::string)

  private:
    std::string text_;
    size_t at_ = 0;

    // Digits without leading zeros, with a minus before any number but 0.
    static bool is_integer(const std::string& token) {
        size_t start = token[0] == '-';
        if (token.size() == start) return false;
        if (token[start] == '0' && token.size() > 1) return false;
        return token.find_first_not_of("0123456789", start) == std::string::npos;
    }
    template <typename T>
    T in_range(T value, T low, T high, const std::string& variable) {
        if (value < low || value > high) {
            std::string what = variable.empty() ? "" : " parameter [name=" + variable + "]";
            quit(_wa, "Number" + what + " equals to " + toString(value) +
                          ", violates the range [" + toString(low) + ", " + toString(high) + "]");
        }
        return value;
    }
    std::string matched(const std::string& found, const pattern& wanted,
                        const std::string& variable, const char* what) {
        if (!wanted.matches(found)) {
            quit(_wa, std::string(what) + " " + variable + " equals to \"" + compress(found) +
                          "\", doesn't correspond to pattern \"" + wanted.src() + "\"");
        }
        return found;
    }
};

static InStream inf, ouf, ans;
static int cppo_test_case = -1;

inline int cppo_exit_code(TResult result) {
    if (result == _points) return 7;
    if (result == _unexpected_eof) return _pe;
    return result;
}
[[noreturn]] inline void quit(TResult result, const std::string& message) {
    std::string text = message;
    // What is right and followed by more is no right output.
    if (result == _ok && !ouf.seekEof()) {
        result = _dirt;
        text = "Extra information in the output file";
    }
    if (cppo_test_case >= 0) text = "test case " + toString(cppo_test_case) + ": " + text;
    std::fprintf(stderr, "%s\n", text.substr(0, 400).c_str());
    std::fflush(nullptr);
    std::_Exit(cppo_exit_code(result));
}
[[noreturn]] inline void quit(TResult result, const char* message) {
    quit(result, std::string(message));
}
[[noreturn]] inline void quitf(TResult result, const char* text, ...) {
    CPPO_FORMAT(text, message)
    quit(result, message);
}
inline void quitif(bool condition, TResult result, const char* text, ...) {
    if (!condition) return;
    CPPO_FORMAT(text, message)
    quit(result, message);
}
[[noreturn]] inline void quitp(double points, const char* text = "", ...) {
    CPPO_FORMAT(text, message)
    quit(_points, toString(points) + " " + message);
}
#define quit_partially(points) ((TResult)(_partially + (points)))
inline TResult _pc(int points) { return (TResult)(_partially + points); }
inline void ensuref(bool condition, const char* text, ...) {
    if (condition) return;
    CPPO_FORMAT(text, message)
    quit(_fail, message);
}
inline void ensure(bool condition, const std::string& message = "Condition failed") {
    if (!condition) quit(_fail, message);
}

inline void setName(const char*, ...) {}
inline void setTestCase(int number) { cppo_test_case = number; }
inline void unsetTestCase() { cppo_test_case = -1; }
inline void setAppesModeEncoding(std::string) {}

// A checker that ends without quit has said nothing.
static struct CppoGuard {
    bool watching = false;
    ~CppoGuard() {
        if (!watching) return;
        std::fprintf(stderr, "the checker ended without quit or quitf\n");
        std::_Exit(_fail);
    }
} cppo_guard;
inline void disableFinalizeGuard() { cppo_guard.watching = false; }

inline void registerTestlibCmd(int = 0, char** = nullptr) {
    cppo_guard.watching = true;
    std::string all;
    char buffer[1 << 16];
    size_t size;
    while ((size = std::fread(buffer, 1, sizeof buffer, stdin)) > 0) all.append(buffer, size);
    size_t lengths[3], head = all.find(LF);
    if (head == std::string::npos ||
        std::sscanf(all.c_str(), "%zu %zu %zu", &lengths[0], &lengths[1], &lengths[2]) != 3) {
        std::fprintf(stderr, "the checker got no files\n");
        std::_Exit(_fail);
    }
    head++;
    inf.open(all.substr(head, lengths[0]), "input", _input);
    ans.open(all.substr(head + lengths[0], lengths[1]), "answer", _answer);
    ouf.open(all.substr(head + lengths[0] + lengths[1], lengths[2]), "output", _output);
}
template <typename... Rest> void registerTestlib(int, Rest...) { registerTestlibCmd(); }

#endif
