import Testing
import WSGICore

struct PythonVersionTests {
    @Test(
        arguments: [
            (0x030B_02F0, "3.11"), (0x030F_02F0, "3.15"), (0x0310_00A1, "3.16"), (0x0400_00F0, "4.0"),
        ] as [(UInt32, String)])
    func readsPythonsOwnNumber(_ number: UInt32, _ text: String) {
        #expect(PythonVersion(hexadecimal: number).description == text)
    }

    @Test(arguments: [("3.11.2", "3.11"), ("3.16", "3.16"), ("3.15.0rc1", "3.15"), ("3", nil), ("3.", nil), ("", nil)])
    func readsTexts(_ text: String, _ expected: String?) {
        #expect(PythonVersion(text: text)?.description == expected)
    }

    @Test func comparesNumbersAndNotTexts() {
        #expect(PythonVersion(3, 9) < PythonVersion(3, 11) && PythonVersion(3, 11) < PythonVersion(4, 0))
    }

    @Test func refusesOwnGILsWhereTheyAreNotKnown() {
        for minor in 12...15 { #expect(PythonVersion(3, minor).ownGILObstacle == nil) }
        #expect(PythonVersion(3, 11).ownGILObstacle?.contains("need Python 3.12 or later") == true)
        for version in [PythonVersion(3, 16), PythonVersion(4, 0)] {
            #expect(version.ownGILObstacle?.contains("Python \(version) is newer than those") == true)
            #expect(version.ownGILObstacle?.contains("3.12 to 3.15") == true)
        }
    }
}
