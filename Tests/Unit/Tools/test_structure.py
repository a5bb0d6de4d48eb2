"""tools/structure, on small trees of sources."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

STRUCTURE = pathlib.Path(__file__).resolve().parents[3] / "tools/structure"
SETTINGS = {"circles": {}, "folders": {}, "hot": {}, "long": {}}


class StructureTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsgi-structure-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.settings()

    def write(self, **files):
        """Files of the target T: `A_B` is B.swift in the folder A."""
        for name, text in files.items():
            path = self.root / "Sources/T" / f"{name.replace('_', '/')}.swift"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")

    def settings(self, **values):
        (self.root / "tools").mkdir(exist_ok=True)
        (self.root / "tools/structure.json").write_text(json.dumps(SETTINGS | values))

    def run_structure(self, *words):
        return subprocess.run([sys.executable, "-B", STRUCTURE, "--root", self.root, *words], text=True, capture_output=True)

    def violations(self, rule):
        done = self.run_structure(rule)
        self.assertEqual((done.returncode, done.stderr), (1 if done.stdout else 0, ""))
        return done.stdout.splitlines()

    def circles(self, **files):
        self.write(**files)
        return [line.rpartition(": ")[2] for line in self.violations("circles")]


class CirclesTest(StructureTest):
    def test_types_used_in_a_circle(self):
        self.assertEqual(self.circles(A="struct A { let b: B }", B="struct B { let c: C }", C="enum C { case a(A) }",
                                      D="struct D { let a: A }"), ["A B C"])

    def test_an_order_is_not_a_circle(self):
        self.assertEqual(self.circles(A="struct A { let b: B; let c: C }", B="struct B { let c: C }", C="struct C {}"), [])

    def test_free_functions_and_variables(self):
        self.assertEqual(self.circles(A="func a() { b() }", B="func b() { call(c) }", C="let c = a()"), ["A B C"])

    def test_nested_types_and_static_members(self):
        files = {"A": "enum A { static let size = Int(Z.two) }", "Z": "enum Z {}\nextension A.Inner { func f() {} }",
                 "M": "extension Z { static var two: Int { 2 } }\nextension A { struct Inner {} }"}
        self.assertEqual(self.circles(**files), ["A M Z"])

    def test_a_nested_type_without_its_prefix(self):
        self.assertEqual(self.circles(A="struct A { let inner: Inner }", B="extension A { struct Inner {} }"), ["A B"])

    def test_comments_and_strings_use_nothing(self):
        self.assertEqual(self.circles(A='struct A { let b: B }', B='''// A
/* A /* A */ A */
struct B { let a = "A", b = #"A " \\(A)"#, c = """
    A "A"
    """ }'''), [])

    def test_expressions_in_strings_use_names(self):
        self.assertEqual(self.circles(A="struct A { let b: B }", B='struct B { let a = "a \\(C("\\(A())")) a" }'), ["A B"])

    def test_private_and_local_declarations_stay_in_their_file(self):
        self.assertEqual(self.circles(A="private struct P {}\nstruct A { let b: B }\nfunc f() { struct L {} }",
                                      B="struct B { func g() { P(); L() } }"), [])

    def test_own_names_hide_those_of_other_files(self):
        self.assertEqual(self.circles(A="let size = B()\nfunc count() {}",
                                      B="struct B { let size: Int; func f(count: Int) { g(count: count, size) } }"), [])

    def test_members_are_not_uses(self):
        self.assertEqual(self.circles(A="func a() { B() }", B="struct B { func f() { x.a() } }"), [])

    def test_allowed_circles(self):
        self.settings(circles={"T": [["A", "B", "C"]]})
        self.assertEqual(self.circles(A="let a: B", B="let b: A = a\nstruct B {}"), [])
        self.assertEqual(self.circles(B="struct B { let c = a, d: D }", D="struct D { let b: B }"), ["A B D"])

    def test_graph(self):
        self.write(X_A="struct A { let b: B }", Y_B="struct B { let a: A }", C="struct C {}")
        graph = self.run_structure("--graph").stdout
        self.assertIn("T: 3 files, 2 of them in circles\n  circle of 2: A B\n    A -> B: B\n    B -> A: A\n", graph)
        self.assertIn("X and Y use each other: A uses B of B; B uses A of A", graph)


class FoldersTest(StructureTest):
    def test_two_folders_use_each_other(self):
        self.write(X_A="struct A { let b: B }", Y_B="struct B {}", Y_C="struct C { let d: D }", X_D="struct D {}")
        self.assertEqual(self.violations("folders"), ["T: X and Y use each other: A uses B of B; C uses D of D"])

    def test_files_beside_the_folders_know_everything(self):
        self.write(A="struct A { let b: B }", Y_B="struct B { let a: A }")
        self.assertEqual(self.violations("folders"), [])

    def test_what_a_folder_may_use(self):
        self.write(A="struct A {}", X_B="struct B { let a: A; let c: C }", Y_C="struct C {}", Z_D="struct D {}",
                   X_In_E="struct E { let b: B }")
        self.settings(folders={"T": {"X": [".", "Y"]}})
        self.assertEqual(self.violations("folders"), [])
        self.settings(folders={"T": {"X": ["Z"]}})
        self.assertEqual(self.violations("folders"),
                         ["T: X may not use .: B uses A of A", "T: X may not use Y: B uses C of C"])


class HotPathTest(StructureTest):
    def findings(self, text):
        self.write(Hot_A=text, Cold_B=text.replace("A", "B"))
        self.settings(hot={"T": ["Hot"]})
        return [line.partition(":")[2] for line in self.violations("hot-path")]

    def test_what_the_hot_path_may_not_contain(self):
        self.assertEqual(self.findings("final class A {\n    let a: String\n    func f(_ b: [UInt8]) -> [String: Int]? {}\n"
                                       "    var c = [request_rec]()\n    let d: Set<Int>, e: [request_rec]\n    let f = Array(g)\n}"),
                         ["1: class A", "2: String", "3: [UInt8]", "3: [String: Int]", "5: Set", "5: [request_rec]", "6: Array"])

    def test_what_it_may_contain(self):
        self.assertEqual(self.findings("// String\nstruct A {\n    static func f(_ a: StaticString) -> A {\n"
                                       '        g("String", b[Int(c)], d[E.first])\n    }\n'
                                       "    class func h() { { [self] in a } }\n    let i: [3 of UInt8], j: J.String, k: Options = [.one]\n}"), [])

    def test_cold_lines_and_functions(self):
        self.assertEqual(self.findings("let a: String // cold: once for each child\nlet b: String // cold:\n"
                                       "func f(\n    _ a: String\n) -> Int { // cold: only for the error log\n"
                                       "    let b: String\n}\nlet c: String"),
                         ["2: String", "8: String"])

    def test_files_that_are_named(self):
        self.write(A="let a: String")
        done = self.run_structure("--hot", str(self.root / "Sources/T/A.swift"))
        self.assertEqual((done.returncode, done.stdout), (0, f"{self.root}/Sources/T/A.swift:1: String\n"))


class LengthsTest(StructureTest):
    def test_swift(self):
        body = "    let a = { }\n" * 58
        self.write(A="\n" * 500, C=f"func g() {{\n{body}}}",
                   B=f"struct B {{\n    @inline(never)\n    func f(\n        a: Int\n    ) {{\n{body}\n    }}\n}}")
        self.assertEqual(self.violations("lengths"),
                         ["Sources/T/A.swift: the file has 501 lines", "Sources/T/B.swift: f has 63 lines"])
        self.settings(long={"A.swift": {"": 501}, "B.swift": {"f": 63}})
        self.assertEqual(self.violations("lengths"), [])

    def test_c(self):
        self.write(A="")
        (self.root / "shim").mkdir()
        body = "    if (a) {\n    }\n" * 30
        (self.root / "shim/a.c").write_text(f"struct s {{\n{'    int a;' * 70}\n}};\n\nstatic int f(void) {{ return 1; }}\n\n"
                                            f"int g(int a,\n      int b) {{\n{body}}}\n\nint h(void) {{\n    return 1;\n}}\n")
        self.assertEqual(self.violations("lengths"), ["shim/a.c: g has 63 lines"])


class CommandTest(StructureTest):
    def test_an_unknown_rule(self):
        self.write(A="")
        done = self.run_structure("colour")
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no rule colour", done.stderr)


if __name__ == "__main__":
    unittest.main()
