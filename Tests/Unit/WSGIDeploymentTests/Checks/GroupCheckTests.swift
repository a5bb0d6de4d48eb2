import TestFolder
import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct GroupCheckTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        @Test(arguments: [
            Mistake(
                replaced: "home=$/site", text: "user=\(nobody)",
                found: [(.accountUnusable, .error, "The group will answer 503.")], atStart: false),
            Mistake(
                replaced: "home=$/site", text: "env-file=$/absent",
                found: [(.environmentFileUnusable, .error, "env-file=$/absent")], atStart: false),
            Mistake(
                text: "WSGIDaemonProcess service threads=0",
                found: [(.serviceWithoutScript, .error, "site.conf:10: ")], atStart: false),
            Mistake(
                text: "WSGIDaemonProcess service threads=0\n"
                    + "WSGIImportScript $/site/app.wsgi process-group=service application-group=%{GLOBAL}"),
            Mistake(
                replaced: "process-group=site", text: "process-group=siet",
                found: [
                    (
                        .groupUnknown, .warning,
                        "WSGIScriptAlias '/': requests will fail with 500, because no WSGIDaemonProcess defines process group 'siet': did you mean 'site'?"
                    )
                ]),
            Mistake(
                text: "<Directory $/site>\nWSGIProcessGroup x\n</Directory>",
                found: [(.groupUnknown, .warning, "site.conf:11: WSGIProcessGroup 'x'")]),
            Mistake(text: "<Directory $/site>\nWSGIProcessGroup %{ENV:x}\n</Directory>"),
            Mistake(
                text: "<VirtualHost *:80>\nServerName a\nWSGIDaemonProcess own\n"
                    + "WSGIScriptAlias /own $/site/app.wsgi process-group=own\n</VirtualHost>\n<VirtualHost *:80>\n"
                    + "ServerName b\nWSGIScriptAlias /b $/site/app.wsgi process-group=own\n</VirtualHost>",
                found: [
                    (
                        .groupOfOtherHost, .warning,
                        "process group 'own' is defined in another virtual host, at /etc/site.conf:12"
                    )
                ]),
            Mistake(
                text: "<VirtualHost *:80>\nServerName a\nWSGIDaemonProcess own\n</VirtualHost>\n<VirtualHost *:443>\n"
                    + "ServerName a\nWSGIScriptAlias /b $/site/app.wsgi process-group=own\n</VirtualHost>"),
            Mistake(
                replaced: "application-group=%{GLOBAL}", text: "application-group=%{global}",
                found: [
                    (
                        .variableUnknown, .notice,
                        "'%{global}' is taken as a literal name, because no variable has this name"
                    )
                ]),
            Mistake(
                replaced: "application-group=%{GLOBAL}", text: "callable-object=%{ENV:X}",
                found: [(.variableUnknown, .notice, "callable object '%{ENV:X}'")]),
            Mistake(
                replaced: "home=$/site", text: "home=$/site display-name=%{GROUP}-x",
                found: [(.variableUnknown, .notice, "display-name '%{GROUP}-x'")]),
            Mistake(
                text: "WSGIImportScript $/site/app.wsgi process-group=site application-group=%{SERVER}",
                found: [(.variableUnknown, .notice, "no request exists yet when a script is imported")]),
            Mistake(replaced: "application-group=%{GLOBAL}", text: "application-group=%{RESOURCE}"),
            Mistake(replaced: "home=$/site", text: "home=$/site display-name=%{GROUP}"),
            Mistake(text: "<Directory $/site>\nWSGICallableObject %{ENV:X}\n</Directory>"),
            Mistake(
                replaced: "process-group=site ", text: "",
                found: [(.embeddedByAccident, .notice, "Add process-group=site to the line, or")]),
            Mistake(
                replaced: Lines.alias, text: "\nWSGIDaemonProcess next",
                found: [(.embeddedByAccident, .notice, "(groups here: site, next)")]),
            Mistake(
                replaced: Lines.alias, text: "\nWSGIRestrictEmbedded Off",
                found: [(.groupUnused, .notice, "WSGIDaemonProcess 'site': no request uses this process group")]),
            Mistake(
                replaced: Lines.alias, text: "\nWSGIRestrictEmbedded On",
                found: [(.embeddedRestricted, .warning, "WSGIScriptAlias '/' of the main server")], atStart: false),
            Mistake(
                text: "WSGIRestrictEmbedded On\n" + Lines.other,
                found: [
                    (
                        .embeddedRestricted, .warning,
                        "site.conf:11: WSGIScriptAlias '/other' of the main server: requests will fail with 500"
                    )
                ],
                atStart: false),
            Mistake(
                text: "WSGIDaemonProcess spare",
                found: [(.groupUnused, .notice, "WSGIDaemonProcess 'spare': no request uses this process group")]),
            Mistake(text: "WSGIDaemonProcess spare\n<Location /x>\nWSGIProcessGroup %{ENV:group}\n</Location>"),
            Mistake(text: "WSGIDaemonProcess spare\nWSGIDispatchScript $/site/app.wsgi"),
        ])
        func groups(mistake: Mistake) throws { try ground.expectFindings(mistake) }

        /// Without process groups embedded mode is meant, unless there are very many children.
        @Test(arguments: [(49, false), (50, true)])
        func embeddedInManyChildren(children: Int, isFound: Bool) throws {
            let facts = try ground.facts(
                "WSGIScriptAlias / $/site/app.wsgi", machine: ground.machine(children: children))
            let found = ConfigCheck.findings(facts, atStart: false)
            #expect(found.map(\.id) == (isFound ? [.embeddedByAccident] : []))
            #expect(
                found.allSatisfy { $0.text.contains("(up to 50)") && $0.text.contains("Define a WSGIDaemonProcess") })
        }

        @Test func socketsNeedADirectory() throws {
            let facts = try ground.facts(
                Ground.healthy.replacing("run/wsgi", with: "absent/wsgi"),
                machine: ground.machine(socketPrefix: "$/absent/wsgi"))
            let found = ConfigCheck.findings(facts, atStart: false)
            #expect(found.map(\.id) == [.socketUnusable] && found.allSatisfy { $0.weight == .error })
            #expect(found.first?.line.contains("site.conf:1: ") == true)
            #expect(ConfigCheck.findings(facts, atStart: true).isEmpty)
        }

        @Test func directoryOfSocketsIsForOneUser() throws {
            ground.folder.setMode("run", 0o777)
            let found = try ConfigCheck.findings(ground.facts(Ground.healthy), atStart: true)
            #expect(found.map(\.id) == [.socketsExposed] && found.allSatisfy { $0.weight == .warning })
            #expect(found.first?.text.contains("'\(ground.folder.at("run"))' (mode 0777, owner ") == true)
            // Of a directory like /tmp only the owner of a file can replace it.
            UserFiles.forget()
            ground.folder.setMode("run", 0o1777)
            #expect(try ConfigCheck.findings(ground.facts(Ground.healthy), atStart: true).isEmpty)
        }

        @Test(.enabled(if: isRoot, needsRoot)) func directoryOfSocketsIsForHttpd() throws {
            ground.folder.setMode("run", 0o700)
            let found = try ConfigCheck.findings(ground.facts(Ground.healthy), atStart: false)
            #expect(found.map(\.id) == [.connectFailed] && found.allSatisfy { $0.weight == .error })
            ground.folder.setOwner("run", user: Games.user, group: 0)
            ground.folder.setMode("run", 0o755)
            UserFiles.forget()
            #expect(
                try ConfigCheck.findings(ground.facts(Ground.healthy), atStart: false).map(\.id) == [.socketsExposed])
        }
    }
}
