"""Each rule of tidy against a small tree that breaks it, and against one that does not."""

import pathlib
import tempfile
import unittest

from sizes import cpp_functions
from sources import Source
from tidy import problems

HOUSE = """
lateen_folder(lib/base)
lateen_folder(lib/io LINKS lib/base)  # lateen_folder(lib/comment)
lateen_folder(config/xds LINKS lib/base)
lateen_folder(data_plane/http LINKS lib/base lib/io config/xds PACKAGES Foo::Foo)
lateen_folder(control_plane/xds LINKS lib/base config/xds)
lateen_program(lateen apps/lateen LINKS data_plane/http)
"""


def tidy(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in ({"src/CMakeLists.txt": HOUSE} | files).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return problems(root)


class Fails(unittest.TestCase):
    def refused(self, path: str, text: str, message: str, line: int | None = None):
        found = tidy({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(message, found[0])
        self.assertTrue(found[0].startswith(f"{path}:" + (f"{line}:" if line else "")), found[0])

    def test_an_include_against_the_direction(self):
        self.refused("src/lib/base/a.cc", '#include "data_plane/http/b.h"\n', "lib/base may not include data_plane/http", 1)
        self.refused("src/control_plane/xds/a.cc", '\n#include "data_plane/http/b.h"\n', "may not include", 2)
        self.refused("src/data_plane/http/a_test.cc", '#include "apps/lateen/b.h"\n', "may not include")

    def test_a_folder_nobody_declared(self):
        self.refused("src/lib/comment/a.h", "int a;\n", "is not declared")

    def test_links_against_the_directions_of_the_house(self):
        for line in ["lateen_folder(lib/http LINKS config/xds)", "lateen_folder(control_plane/a LINKS data_plane/http)",
                     "lateen_folder(config/a LINKS lib/io)", "lateen_folder(lib/protocol LINKS lib/io)",
                     "lateen_folder(control_plane/translate LINKS\n lib/io)", "lateen_folder(lib/a LINKS apps/lateen)"]:
            self.refused("src/CMakeLists.txt", HOUSE + line + "\n", "must not link")

    def test_a_long_file(self):
        self.refused("src/lib/base/a.cc", "int a;\n" * 701, "701 lines")

    def test_long_functions(self):
        body = "  x();\n" * 69
        self.refused("src/lib/base/a.cc", "namespace a {\nint f(int x) {\n" + body + "}\n}\n", "f has 71 lines", 2)
        self.refused("src/lib/base/a.cc", "struct A {\n  A(int b)\n      : b_{b} {\n" + body + "  }\n  int b_;\n};\n", "A has 72 lines", 2)
        self.refused("tools/a.py", "def f():\n" + "    x()\n" * 70, "f has 71 lines")
        self.refused("ui/a.ts", "export function f() {\n" + body + "}\n", "f has 71 lines")

    def test_banned_calls(self):
        for call, answer in {
            "std::regex r;": "re2", "auto s = std::format(x);": "fmt::format", 'std::printf("x");': "apps print",
            "fmt::print(x);": "apps print", "std::cout << x;": "apps print", 'getenv("A");': "only apps",
            "auto t = std::chrono::steady_clock::now();": "loop's clock", "auto t = ::time(nullptr);": "loop's clock",
            "std::thread t;": "lib/io", "::socket(1, 2, 3);": "lib/io", "epoll_wait(a, b, c, d);": "lib/io",
            "std::this_thread::sleep_for(x);": "timer", "::sleep(1);": "timer", "int x = rand();": "random.h",
            "std::mt19937 m;": "random.h",
        }.items():
            with self.subTest(call):
                self.refused("src/data_plane/http/a.cc", f"void f() {{\n  {call}\n}}\n", answer, 2)

    def test_banned_includes(self):
        self.refused("src/lib/base/a.cc", "#include <regex>\n", "re2")

    def test_using_namespace_in_a_header(self):
        self.refused("src/lib/base/a.h", "using namespace std;\n", "using namespace")

    def test_an_await_in_a_braced_initialiser(self):
        for text in ["auto a = Thing{co_await f()};", "Thing a{1, co_await f()};", "g({x, co_await f()});", "co_return {co_await f()};",
                     "co_return A{[] { return 1; }, co_await f()};"]:
            with self.subTest(text):
                self.refused("src/lib/base/a.cc", "Task<int> f() {\n  int x;\n  " + text + "\n}\n", "braced initialiser", 3)

    def test_a_page_without_a_title_or_with_two(self):
        self.refused("docs/a.md", "text\n", "this one has 0")
        self.refused("docs/a.md", "# One\n\n# Two\n", "this one has 2", 3)

    def test_a_path_of_a_machine(self):
        self.refused("docs/a.md", "# A\n\nsee /ho" "me/anna/x\n", "names a machine", 3)

    def test_the_architecture_page_names_what_is_not_there(self):
        files = {"src/lib/io/loop.cc": "void run() {}\n"}
        page = "docs/architecture.md"
        self.assertEqual(tidy(files | {page: "# A\n\n`lib/io/loop.cc`, `run()`\n"}), [])
        self.assertIn("does not exist", tidy(files | {page: "# A\n\n`lib/io/gone.cc`\n"})[0])
        self.assertIn("is not in src/lib/io/loop.cc", tidy(files | {page: "# A\n\n`lib/io/loop.cc`, `stop()`\n"})[0])
        self.assertIn("name its file", tidy(files | {page: "# A\n\n`run()`\n"})[0])


class Passes(unittest.TestCase):
    def accepted(self, path: str, text: str):
        self.assertEqual(tidy({path: text}), [])

    def test_code_in_its_home(self):
        self.accepted("src/lib/io/a.cc", "void f() { ::close(3); auto t = steady_clock::now(); }\n")
        self.accepted("src/apps/lateen/a.cc", '#include "data_plane/http/b.h"\nint main() { getenv("A"); fmt::print("x"); }\n')
        self.accepted("src/lib/base/a.cc", "void f() { auto t = steady_clock::now(); }  // tidy: clock\n")
        self.accepted("src/data_plane/http/a_test.cc", "void f() { std::thread t; }\n")

    def test_words_in_comments_and_literals(self):
        self.accepted("src/lib/base/a.cc", '// std::regex\nauto s = "std::regex"; /* rand() */ auto r = R"x(std::cout " )x";\n')
        self.accepted("src/lib/base/a.cc", "int a = 1'000'000; char b = '\"'; char c = '{';\n")

    def test_own_functions_with_the_names_of_system_calls(self):
        self.accepted("src/lib/base/a.cc", "void f(S& s) { s.connect(1); io::sleep(2); time(3); random(4); Conn::close(); }\n")

    def test_awaits_in_blocks(self):
        self.accepted("src/lib/base/a.cc", """
Task<int> f() {
  if (co_await g()) { co_await h(); }
  for (;;) {
    if (!co_await g()) { break; }
  }
  auto l = [&]() -> Task<void> { co_await h(); };
  try { co_await h(); } catch (...) {}
  co_return co_await h();
}
auto Stream::run() -> io::Task<void> { co_await h(); }
""")

    def test_tables_and_types_may_be_long(self):
        self.accepted("src/lib/base/a.cc", "constexpr int table[] = {\n" + "  1,\n" * 200 + "};\nauto A::fields() {\n" + "  f();\n" * 90 + "}\nclass A : public B<int(int)> {\n"
                      + "  int f();\n" * 200 + "};\nenum class E : int {\n" + "  a,\n" * 100 + "};\n")


class Scanner(unittest.TestCase):
    def test_functions_are_found_with_their_lines(self):
        code = Source("a.cc", """namespace {
template <class T, class U>
Result<T> one(U u) {
  if (u) { return {}; }
  return [&] { return 1; }();
}
}
Two::Two(int a) : a_{a}, b_(a) {}
struct S { bool operator==(const S&) const { return true; } };
""").code
        found = [(function.name, function.first, function.last) for function in cpp_functions(code)]
        self.assertEqual(found, [("one", 2, 6), ("Two::Two", 8, 8), ("operator==", 9, 9)])


if __name__ == "__main__":
    unittest.main()
