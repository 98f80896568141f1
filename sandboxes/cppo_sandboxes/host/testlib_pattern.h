// Patterns of our testlib.h, as the author of testlib documents them.
//
// Characters, sets such as [a-z_] and [^0-9], groups (yes|no), and repeats ?, *, +, {3}, {1,100000}
// and {2,}; a backslash makes a character plain, and a point is plain by itself. Texts come from
// judged programs and may be millions of characters, so matching follows all ways at once: it keeps
// the places that it can have reached, and takes neither a deep stack nor exponential time.
#ifndef CPPO_TESTLIB_PATTERN_H
#define CPPO_TESTLIB_PATTERN_H

#include <algorithm>
#include <bitset>
#include <climits>
#include <stdexcept>
#include <string>
#include <vector>

class pattern {
  public:
    pattern(std::string text) : text_(std::move(text)) {
        root_ = alternatives();
        if (at_ < text_.size()) throw std::invalid_argument("pattern: " + text_);
    }
    pattern(const char* text) : pattern(std::string(text)) {}
    bool matches(const std::string& found) const {
        Places ends = reached(root_, found, {0});
        return !ends.empty() && ends.back() == found.size();
    }
    std::string src() const { return text_; }

  private:
    using Places = std::vector<size_t>;  // sorted, each once
    struct Node {
        std::bitset<256> set;                    // the characters, where there are no ways
        std::vector<std::vector<Node>> ways;     // of a group
        size_t least = 1, most = 1;
    };
    std::string text_;
    size_t at_ = 0;
    Node root_;

    char next() {
        if (at_ >= text_.size()) throw std::invalid_argument("pattern: " + text_);
        return text_[at_++];
    }
    bool ahead(char one) const { return at_ < text_.size() && text_[at_] == one; }
    Node alternatives() {
        Node group;
        group.ways.emplace_back();
        while (at_ < text_.size() && text_[at_] != ')') {
            if (ahead('|')) at_++, group.ways.emplace_back();
            else group.ways.back().push_back(repeated());
        }
        return group;
    }
    Node repeated() {
        Node node;
        char one = next();
        if (one == '(') {
            node = alternatives();
            if (next() != ')') throw std::invalid_argument("pattern: " + text_);
        } else if (one == '[') {
            read_set(node);
        } else {
            node.set.set((unsigned char)(one == '\\' ? next() : one));
        }
        if (ahead('?')) at_++, node.least = 0;
        else if (ahead('*')) at_++, node.least = 0, node.most = SIZE_MAX;
        else if (ahead('+')) at_++, node.most = SIZE_MAX;
        else if (ahead('{')) {
            at_++;
            node.least = node.most = number();
            if (ahead(',')) at_++, node.most = ahead('}') ? SIZE_MAX : number();
            if (next() != '}') throw std::invalid_argument("pattern: " + text_);
        }
        return node;
    }
    void read_set(Node& node) {
        bool inverted = ahead('^');
        if (inverted) at_++;
        while (!ahead(']')) {
            char low = next();
            if (low == '\\') low = next();
            char high = low;
            if (ahead('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
                at_++;
                high = next();
                if (high == '\\') high = next();
            }
            for (int one = (unsigned char)low; one <= (unsigned char)high; one++) node.set.set(one);
        }
        at_++;
        if (inverted) node.set.flip();
    }
    size_t number() {
        size_t value = 0, start = at_;
        while (at_ < text_.size() && isdigit((unsigned char)text_[at_]) && value < 1000000000) {
            value = 10 * value + (next() - '0');
        }
        if (at_ == start) throw std::invalid_argument("pattern: " + text_);
        return value;
    }

    static Places reached(const Node& node, const std::string& found, const Places& from) {
        return node.ways.empty() ? characters(node, found, from) : group(node, found, from);
    }
    static Places characters(const Node& node, const std::string& found, const Places& from) {
        Places to;
        size_t run = 0, done = 0;  // the end of the characters in a row; the places before it
        for (size_t start : from) {
            if (run < start) run = start;
            size_t most = node.most > found.size() - start ? found.size() : start + node.most;
            while (run < most && node.set[(unsigned char)found[run]]) run++;
            if (node.least > found.size() - start) break;
            size_t last = std::min(run, most);
            for (size_t end = std::max(done, start + node.least); end <= last; end++) {
                to.push_back(end);
                done = end + 1;
            }
        }
        return to;
    }
    static Places once(const Node& node, const std::string& found, const Places& from) {
        Places all;
        for (const auto& way : node.ways) {
            Places here = from, both;
            for (const Node& one : way) here = reached(one, found, here);
            std::set_union(all.begin(), all.end(), here.begin(), here.end(),
                           std::back_inserter(both));
            all.swap(both);
        }
        return all;
    }
    static Places group(const Node& node, const std::string& found, const Places& from) {
        Places here = from;
        for (size_t times = 0; times < node.least && !here.empty(); times++) {
            Places next = once(node, found, here);
            if (next == here) break;
            here.swap(next);
        }
        std::vector<bool> seen(node.most > node.least ? found.size() + 1 : 0);
        Places all = here;
        if (!seen.empty()) for (size_t place : here) seen[place] = true;
        for (size_t times = node.least; times < node.most && !here.empty(); times++) {
            Places next;
            for (size_t place : once(node, found, here)) if (!seen[place]) {
                seen[place] = true;
                next.push_back(place);
            }
            all.insert(all.end(), next.begin(), next.end());
            here.swap(next);
        }
        std::sort(all.begin(), all.end());
        return all;
    }
};

#endif
