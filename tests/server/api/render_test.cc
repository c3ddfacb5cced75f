// What the renderers make of texts, and that nothing of a text becomes markup: every tag of the
// result is one of the renderer's own, whatever the text says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "proto/canonical_json.h"
#include "proto/delta_rules.h"
#include "proto/json_delta.h"
#include "proto/json_tree.h"
#include "server/api/html.h"
#include "server/api/markdown.h"
#include "server/api/rich_text.h"
#include "tests/ot/property.h"

namespace coedit::server::api {
namespace {

using ot::testing::Rng;
using ::testing::HasSubstr;
using ::testing::Not;

ot::Delta Parse(absl::string_view ops) {
  const auto tree = proto::JsonTree::Parse(ops);
  EXPECT_TRUE(tree.ok()) << ops;
  const auto delta = proto::ReadJsonOps(tree->root(), proto::NoDecodeLimits());
  EXPECT_TRUE(delta.ok()) << delta.status();
  return *delta;
}

// What stands in the body.
std::string Html(const ot::Delta& document) {
  const std::string page = RenderHtml(document, ot::DocumentType::kRichText, "t");
  const size_t begin = page.find("<body>\n") + 7;
  return page.substr(begin, page.find("</body>") - begin);
}
std::string Html(absl::string_view ops) { return Html(Parse(ops)); }
std::string Markdown(absl::string_view ops) {
  return RenderMarkdown(Parse(ops), ot::DocumentType::kRichText);
}

TEST(Html, FormatsAsQuillDoes) {
  struct Row {
    const char* ops;
    const char* html;
  };
  for (
      const Row& row : {
          Row{R"([{"insert":"a\n\nb\n"}])", "<p>a</p>\n<p><br></p>\n<p>b</p>\n"},
          Row{R"([{"insert":"no line feed"}])", "<p>no line feed</p>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"header":2}}])", "<h2>a</h2>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"header":9}}])", "<p>a</p>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"blockquote":true}}])",
              "<blockquote>a</blockquote>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"align":"center","indent":1}}])",
              "<p style=\"text-align:center;margin-left:3em;\">a</p>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"direction":"rtl"}}])",
              "<p dir=\"rtl\">a</p>\n"},
          Row{R"([{"insert":"if <x>\n  y"},{"insert":"\n","attributes":{"code-block":true}}])",
              "<p>if &lt;x&gt;</p>\n<pre>\n  y\n</pre>\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"code-block":"cpp"}},{"insert":"b"},)"
              R"({"insert":"\n","attributes":{"code-block":"cpp"}}])",
              "<pre>\na\nb\n</pre>\n"},
          Row{R"([{"insert":"x","attributes":{"bold":true,"italic":true,"underline":true,)"
              R"("strike":true,"code":true}},{"insert":"\n"}])",
              "<p><strong><em><u><s><code>x</code></s></u></em></strong></p>\n"},
          Row{R"([{"insert":"x","attributes":{"bold":false,"script":"sub"}},{"insert":"\n"}])",
              "<p><sub>x</sub></p>\n"},
          Row{R"([{"insert":"x","attributes":{"link":"https://a.example/?b=1&c=\"2"}},)"
              R"({"insert":"\n"}])",
              "<p><a href=\"https://a.example/?b=1&amp;c=&quot;2\" rel=\"noopener noreferrer "
              "nofollow\" target=\"_blank\">x</a></p>\n"},
          Row{R"j([{"insert":"x","attributes":{"color":"#f00","background":"rgb(1, 2, 3)"}},)j"
              R"({"insert":"\n"}])",
              "<p><span style=\"color:#f00;background-color:rgb(1, 2, 3);\">x</span></p>\n"},
          Row{R"([{"insert":{"image":"https://a.example/i.png"},"attributes":{"alt":"\"'"}},)"
              R"({"insert":"\n"}])",
              "<p><img src=\"https://a.example/i.png\" alt=\"&quot;&#39;\"></p>\n"},
      }) {
    EXPECT_EQ(Html(row.ops), row.html) << row.ops;
  }
}

TEST(Html, NestsLists) {
  const auto item = [](const char* text, const char* list, int indent) {
    return absl::StrCat(R"({"insert":")", text, R"("},{"insert":"\n","attributes":{"indent":)",
                        indent, R"(,"list":")", list, "\"}}");
  };
  EXPECT_EQ(
      Html(absl::StrCat("[", item("a", "bullet", 0), ",", item("b", "bullet", 0), ",",
                        item("c", "ordered", 2), ",", item("d", "bullet", 1), ",",
                        item("e", "ordered", 0), ",", item("f", "checked", 0),
                        R"(,{"insert":"g\n"}])")),
      "<ul><li>a</li>\n<li>b<ol><li><ol><li>c</li></ol></li></ol><ul><li>d</li></ul></li></ul>\n"
      "<ol><li>e</li></ol>\n<ul><li><input type=\"checkbox\" checked disabled> f</li></ul>\n"
      "<p>g</p>\n");
}

TEST(Html, APlainTextIsOnePre) {
  const std::string page =
      RenderHtml(Parse(R"([{"insert":"\n<b>&amp;\n"}])"), ot::DocumentType::kPlainText, "</title>");
  EXPECT_THAT(page, HasSubstr("<pre>\n\n&lt;b&gt;&amp;amp;\n</pre>"));
  EXPECT_THAT(page, HasSubstr("<title>&lt;/title&gt;</title>"));
}

TEST(Markdown, FormatsAsQuillDoes) {
  struct Row {
    const char* ops;
    const char* markdown;
  };
  for (
      const Row& row : {
          Row{R"([{"insert":"a\n\nb\n"}])", "a\n\nb\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"header":2}},{"insert":"b\n"}])",
              "## a\n\nb\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"blockquote":true}}])", "> a\n"},
          Row{R"([{"insert":"a"},{"insert":"\n","attributes":{"list":"bullet"}},{"insert":"b"},)"
              R"({"insert":"\n","attributes":{"list":"bullet","indent":3}},{"insert":"c"},)"
              R"({"insert":"\n","attributes":{"list":"ordered"}},{"insert":"d"},)"
              R"({"insert":"\n","attributes":{"list":"checked"}}])",
              "- a\n    - b\n\n1. c\n\n- [x] d\n"},
          Row{R"([{"insert":"a ``` b"},{"insert":"\n","attributes":{"code-block":"cpp"}}])",
              "````cpp\na ``` b\n````\n"},
          Row{R"([{"insert":"a "},{"insert":" b ","attributes":{"bold":true}},{"insert":"c\n"}])",
              "a  **b** c\n"},
          Row{R"([{"insert":"x","attributes":{"italic":true,"strike":true,"underline":true}},)"
              R"({"insert":"\n"}])",
              "<u>~~*x*~~</u>\n"},
          Row{R"([{"insert":"a`b","attributes":{"code":true}},{"insert":"\n"}])", "`` a`b ``\n"},
          Row{R"([{"insert":"x","attributes":{"link":"https://a.example/(b)>c"}},{"insert":"\n"}])",
              "[x](<https://a.example/%28b%29%3ec>)\n"},
          Row{R"([{"insert":{"image":"https://a.example/i.png"}},{"insert":"\n"}])",
              "![](<https://a.example/i.png>)\n"},
          Row{R"([{"insert":"# a\n1. b\n- c\n    d\n<b>&lt;\n* e\n\ttab\n===\n"}])",
              "\\# a\n\n1\\. b\n\n\\- c\n\n&#32;   d\n\n\\<b\\>\\&lt;\n\n\\* "
              "e\n\n&#9;tab\n\n\\===\n"},
          Row{R"([{"insert":"see!"},{"insert":"x","attributes":{"link":"http://a.example"}},)"
              R"({"insert":" http://b.example\n"}])",
              "see\\![x](<http://a.example>) http\\://b.example\n"},
      }) {
    EXPECT_EQ(Markdown(row.ops), row.markdown) << row.ops;
  }
}

TEST(Markdown, APlainTextIsOneFencedBlock) {
  EXPECT_EQ(RenderMarkdown(Parse(R"([{"insert":"a\n```\n"}])"), ot::DocumentType::kPlainText),
            "````\na\n```\n````\n");
}

// ---- hostile ----

const std::vector<std::string>& HostileStrings() {
  static const auto& strings = *new std::vector<std::string>{
      "<script>alert(1)</script>",
      "</title></p></pre></body>",
      "\" onmouseover=\"alert(1)",
      "' onerror='alert(1)",
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      " javascript:alert(1)",
      "java\tscript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "data:image/svg+xml;base64,PHN2Zz4=",
      "data:image/png;base64,iVBORw0KGgo=",
      "data:image/png;base64,\" onerror=\"x",
      "https://a.example/\"><script>",
      "https://a.example/ x",
      "HTTPS://a.example/'><img src=x onerror=y>",
      "vbscript:x",
      "mailto:a@b.example?subject=<b>",
      "red;background:url(javascript:x)",
      "expression(alert(1))",
      "url(https://a.example)",
      "#fff;}</style><script>",
      "](javascript:alert(1))",
      "[x](javascript:alert(1))",
      "![x](javascript:alert(1))",
      "<javascript:alert(1)>",
      "> <script>",
      "```\n<script>",
      "~~~",
      "`",
      "&lt;script&gt;",
      "&#x6a;avascript:",
      "\\",
      "\\`",
      "|a|b|",
      "- [ ] x",
      "\u2028<\u202e>",
      "<!--",
      "]]>",
      "{{constructor}}",
      "center\" onclick=\"x",
      "1) x",
  };
  return strings;
}

std::string Quote(absl::string_view text) {
  std::string json;
  proto::AppendJsonString(text, &json);
  return json;
}

// A document made of hostile strings, wherever one can stand.
ot::Delta HostileDocument(Rng& rng) {
  const auto any = [&rng] {
    return HostileStrings()[rng.Below(static_cast<int64_t>(HostileStrings().size()))];
  };
  const std::vector<std::string> keys = {
      "bold",       "italic",    "link",  "color",  "background", "size",   "font",
      "script",     "code",      "align", "header", "list",       "indent", "code-block",
      "blockquote", "direction", "alt",   "width",  "onclick",    "style"};
  const auto attributes = [&] {
    std::vector<ot::Attributes::Entry> entries;
    std::set<std::string> used;
    for (int64_t count = rng.Below(4); count > 0; --count) {
      const std::string key =
          rng.Chance(95) ? keys[rng.Below(static_cast<int64_t>(keys.size()))] : any();
      if (!used.insert(key).second) continue;
      std::string value = Quote(any());
      if (rng.Chance(40)) value = "true";
      if (rng.Chance(10)) value = absl::StrCat(rng.Below(12));
      if (rng.Chance(5)) value = absl::StrCat("{\"a\":", Quote(any()), "}");
      if (key == "list" && rng.Chance(70)) value = rng.Chance(50) ? "\"ordered\"" : "\"checked\"";
      entries.push_back({key, value});
    }
    return ot::Attributes(std::move(entries));
  };
  ot::DeltaBuilder builder;
  for (int64_t count = rng.Between(1, 12); count > 0; --count) {
    if (rng.Chance(20)) {
      const std::string type = rng.Chance(60) ? "image" : rng.Chance(50) ? "video" : any();
      builder.InsertEmbed(absl::StrCat("{", Quote(type), ":", Quote(any()), "}"), attributes());
    } else if (rng.Chance(40)) {
      builder.Insert("\n", attributes());
    } else {
      builder.Insert(any(), attributes());
    }
  }
  return builder.Build();
}

// Takes the page apart with an eye that knows only the renderer's own tags. What is wrong with it,
// or "".
std::string FindForeignMarkup(const std::string& html) {
  static const auto& tag = *new std::regex(
      "</?(p|h[1-6]|blockquote|pre|ul|ol|li|strong|em|u|s|sub|sup|code|br|span|a|img|input)"
      "((?: [a-z]+(?:=\"[^\"<>']*\")?)*)>");
  static const auto& attribute = *new std::regex(
      " (?:dir=\"rtl\"|type=\"checkbox\"|checked|disabled|rel=\"noopener noreferrer nofollow\"|"
      "target=\"_blank\"|alt=\"[^\"<>]*\"|href=\"(?:[hH][tT][tT][pP][sS]?://|mailto:)[^\"<> ]*\"|"
      "src=\"(?:[hH][tT][tT][pP][sS]://|data:image/(?:png|jpeg|gif|webp|avif);base64,)[^\"<> ]*\"|"
      "style=\"(?:text-align:(?:center|right|justify);|margin-left:\\d+em;|"
      "(?:background-)?color:(?:#[0-9a-fA-F]+|[a-zA-Z]+|rgba?\\([0-9,. %]+\\));|"
      "font-size:[.\\d]+em;|font-family:[a-z]+;)+\")");
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    std::smatch match;
    const std::string rest = html.substr(at, html.find('>', at) - at + 1);
    if (!std::regex_match(rest, match, tag)) return rest;
    const std::string attributes = match[2];
    auto begin = std::sregex_iterator(attributes.begin(), attributes.end(), attribute);
    size_t covered = 0;
    for (; begin != std::sregex_iterator(); ++begin) covered += begin->length();
    if (covered != attributes.size()) return rest;
  }
  return "";
}

TEST(Html, NothingOfATextBecomesMarkup) {
  ot::testing::ForEachCase(3000, [](Rng& rng) {
    const ot::Delta document = HostileDocument(rng);
    const std::string html = Html(document);
    ASSERT_EQ(FindForeignMarkup(html), "") << html;
  });
}

TEST(Html, TheEyeOfThisTestSees) {
  for (const char* bad : {"<script>", "<p onclick=\"x\">", "<a href=\"javascript:x\">",
                          "<img src=\"http://a\">", "<p style=\"color:url(x);\">", "<p title=x>"}) {
    EXPECT_NE(FindForeignMarkup(bad), "") << bad;
  }
}

// What a reader of CommonMark could take for HTML, a link or a picture: nothing but our own forms.
TEST(Markdown, NothingOfATextBecomesMarkup) {
  static const auto& own = *new std::regex(
      "</?(?:u|sub|sup)>|\\]\\(<(?:[hH][tT][tT][pP][sS]?://|mailto:|data:image/)[^<>\\s]*>\\)");
  ot::testing::ForEachCase(3000, [](Rng& rng) {
    const std::string markdown = RenderMarkdown(HostileDocument(rng), ot::DocumentType::kRichText);
    // Fenced blocks and code spans hold what they like; take them out.
    std::string rest;
    std::string fence;
    for (absl::string_view line : absl::StrSplit(markdown, '\n')) {
      const size_t ticks = std::min(line.find_first_not_of('`'), line.size());
      const bool opens = ticks >= 3 && line.substr(ticks).find('`') == absl::string_view::npos;
      if (fence.empty() && opens) {
        fence = std::string(ticks, '`');
      } else if (!fence.empty()) {
        if (line == fence) fence.clear();
      } else {
        absl::StrAppend(&rest, line, "\n");
      }
    }
    ASSERT_EQ(fence, "") << markdown;
    // What is escaped is text.
    std::string open;
    for (size_t at = 0; at < rest.size(); ++at) {
      if (rest[at] == '\\') {
        ++at;
        continue;
      }
      if (rest[at] == '`') {
        const size_t end = rest.find_first_not_of('`', at);
        const std::string ticks = rest.substr(at, end - at);
        const size_t close = rest.find(absl::StrCat(" ", ticks), end);
        ASSERT_NE(close, std::string::npos) << markdown;
        ASSERT_EQ(rest.substr(end, close - end).find('\n'), std::string::npos) << markdown;
        at = close + ticks.size();
        continue;
      }
      open.push_back(rest[at]);
    }
    open = std::regex_replace(open, own, "");
    ASSERT_EQ(open.find('<'), std::string::npos) << markdown;
    ASSERT_EQ(open.find("]("), std::string::npos) << markdown;
    ASSERT_EQ(open.find("://"), std::string::npos) << markdown;
  });
}

TEST(RichText, OnlyHarmlessAddresses) {
  for (const char* good : {"https://a.example", "http://a", "HTTPS://A", "mailto:a@b.example"}) {
    EXPECT_TRUE(IsLinkTarget(good)) << good;
  }
  for (const char* bad : {"", "//a.example", "/x", "javascript:x", " https://a", "https://a b",
                          "ftp://a", "data:text/html,x", "https:a\n"}) {
    EXPECT_FALSE(IsLinkTarget(bad)) << bad;
  }
  EXPECT_TRUE(IsImageSource("data:image/png;base64,AAAA"));
  EXPECT_FALSE(IsImageSource("data:image/svg+xml;base64,AAAA"));
  EXPECT_FALSE(IsImageSource("http://a.example/i.png"));
  EXPECT_FALSE(IsColor("url(x)"));
  EXPECT_FALSE(IsColor("red;x:y"));
  EXPECT_TRUE(IsColor("rgba(1,2,3,.5)"));
}

}  // namespace
}  // namespace coedit::server::api
