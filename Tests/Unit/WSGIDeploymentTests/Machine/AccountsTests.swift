import Glibc
import Testing
import WSGIConfig
import WSGICore

@testable import WSGIDeployment

extension DeploymentTests {
    struct AccountsTests {
        /// A number that no account has.
        static let unknown: UInt32 = 4_000_000_000

        @Test(arguments: [
            (Account.name("root"), unknown, UInt32(0), "root"), (.number(0), unknown, 0, "root"), (nil, 0, 0, "root"),
            (nil, unknown, unknown, ""),
        ])
        func userIsFound(account: Account?, fallback: UInt32, id: UInt32, name: String) throws {
            let user = try Accounts.user(account, default: fallback, for: "WSGIDaemonProcess 'a'")
            #expect(user.id == id && user.name == name)
            #expect(user.home.hasPrefix("/"))
        }

        @Test(arguments: [Account.name(nobody), .number(unknown)])
        func unknownUserIsAnError(account: Account) throws {
            let error = try #require(
                resolutionError { () throws(ResolutionError) in
                    try Accounts.user(account, default: 0, for: "WSGIDaemonProcess 'a'", option: "script-user")
                })
            #expect(error.id == .accountUnusable)
            #expect(
                error.text.hasPrefix(
                    "WSGIDaemonProcess 'a': there is no user '\(account)' on this machine (script-user=)."))
        }

        @Test(arguments: [(Account.name("root"), UInt32(0)), (.number(unknown), unknown), (nil, 7)])
        func groupIsFound(account: Account?, id: UInt32) throws {
            #expect(try Accounts.group(account, default: 7, for: "a") == id)
        }

        @Test func unknownGroupIsAnError() throws {
            let error = try #require(
                resolutionError { () throws(ResolutionError) in try Accounts.group(.name(nobody), default: 0, for: "a")
                })
            #expect(error.id == .accountUnusable)
            #expect(error.text.hasPrefix("a: there is no group '\(nobody)' on this machine (group=)"))
        }

        @Test func namesOfNumbers() {
            #expect(Accounts.name(of: 0) == "root" && Accounts.name(of: Self.unknown).isEmpty)
            #expect(Accounts.groupName(of: 0) == "root" && Accounts.groupName(of: Self.unknown) == "#\(Self.unknown)")
        }

        @Test func primaryGroupComesFirst() {
            #expect(Accounts.supplementaryGroups(of: "", primary: 7) == [7])
            #expect(Accounts.supplementaryGroups(of: nobody, primary: 7) == [7])
            #expect(Accounts.supplementaryGroups(of: "root", primary: 7).first == 7)
            #expect(Accounts.groups(of: (user: 0, group: 7)) == Accounts.supplementaryGroups(of: "root", primary: 7))
            #expect(Accounts.groups(of: (user: Self.unknown, group: 7)) == [7])
        }

        /// The first user that `/etc/group` lists in a group, if there is one.
        @Test func groupsOfAMemberAreAll() throws {
            let text = String(decoding: try contentsOfFile("/etc/group", atMost: 1 << 20), as: UTF8.self)
            let members = text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
                .filter { $0.count == 4 && !$0[3].isEmpty }
            for line in members {
                let (group, user) = (try #require(UInt32(line[2])), String(line[3].split(separator: ",")[0]))
                #expect(Accounts.supplementaryGroups(of: user, primary: 7).contains(group), "\(user)")
            }
        }

        @Test func processMayHaveSomeGroups() { #expect(Accounts.mostGroups >= 32) }
    }
}
