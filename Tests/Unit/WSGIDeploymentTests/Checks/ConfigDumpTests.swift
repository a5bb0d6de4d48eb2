import ProcessKit
import TestFolder
import Testing

@testable import WSGIDeployment

extension DeploymentTests {
    struct ConfigDumpTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        /// The lines of the dump, with one blank between columns.
        private func lines(_ text: String) throws -> [String] {
            try ConfigDump(ground.facts(text)).text.split(separator: "\n").map {
                $0.split(separator: " ").joined(separator: " ")
            }
        }

        @Test func healthyConfiguration() throws {
            let lines = try lines(Ground.healthy)
            let python = "3.13 \(ground.folder.at("usr/bin/python3.13"))"
            #expect(lines.first?.hasPrefix("mod_wsgi ") == true && lines.first?.hasSuffix(", configuration:") == true)
            for line in [
                "Whole server:", "WSGISocketPrefix $/run/wsgi /etc/site.conf:1", "WSGIPythonHome - default",
                "Main server:", "URL path script process group application group Python defined at",
                "/ $/site/app.wsgi site %{GLOBAL} \(python) /etc/site.conf:3",
                "Process group 'site' (/etc/site.conf:2):", "visible in: all servers", "runs: \(python)",
                "home $/site /etc/site.conf:2", "threads 15 default", "socket-timeout 77 httpd's Timeout",
            ].map(ground.expand) {
                #expect(lines.contains(line), "\(line)")
            }
        }

        /// Where a URL leads to: its process group, application group and Python, without the place of the line.
        @Test(arguments: [
            ("process-group=site", "site %{RESOURCE} 3.13 $/usr/bin/python3.13"),
            ("process-group=siet", "siet (not defined) %{RESOURCE} -"),
            ("process-group=own", "own (of another host) %{RESOURCE} -"),
            ("process-group=%{ENV:x}", "%{ENV:x} %{RESOURCE} -"),
            ("process-group=%{GLOBAL} application-group=a", "(embedded) a 3.13 $/usr/bin/python3.13"),
            ("", "(embedded) %{RESOURCE} 3.13 $/usr/bin/python3.13"),
            ("process-group=broken", "broken %{RESOURCE} (cannot be used, see configtest)"),
            ("|WSGIRestrictEmbedded On", "(embedded) %{RESOURCE} (WSGIRestrictEmbedded On)"),
            ("|WSGIProcessGroup site", "site %{RESOURCE} 3.13 $/usr/bin/python3.13"),
            ("|<If x>|WSGIProcessGroup site|</If>", "(depends on the request) %{RESOURCE} -"),
            ("|<If x>|WSGIApplicationGroup a|</If>", "(embedded) (depends on the request) 3.13 $/usr/bin/python3.13"),
            ("|WSGIApplicationGroup %{GLOBAL}", "(embedded) %{GLOBAL} 3.13 $/usr/bin/python3.13"),
        ])
        func destinationOfAURL(options: String, shown: String) throws {
            let text = """
                WSGIDaemonProcess site
                WSGIDaemonProcess broken python=$/absent
                <VirtualHost *:80>
                ServerName host
                WSGIDaemonProcess own
                </VirtualHost>
                WSGIScriptAlias /x $/site/app.wsgi
                """ + " " + options.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\n")
            #expect(try lines(text).contains(ground.expand("/x $/site/app.wsgi \(shown) /etc/site.conf:7")))
        }

        @Test func hostHasItsOwnURLsAndThoseOfTheMainServer() throws {
            let lines = try lines(
                "WSGIScriptAlias /a $/site/app.wsgi\n<VirtualHost *:80>\nServerName shop\n"
                    + "WSGIScriptAliasMatch ^/b $/site/app.wsgi\nWSGIDaemonProcess own\n</VirtualHost>\n"
                    + "<VirtualHost *:81>\n</VirtualHost>")
            let host = try #require(lines.firstIndex(of: "Virtual host shop (/etc/site.conf:2):"))
            #expect(lines[host + 2].hasPrefix("~ ^/b ") && lines[host + 3].hasPrefix("/a "))
            #expect(lines.contains("visible in: shop"))
        }

        @Test func valuesInEffectAreShownInsteadOfZero() throws {
            let lines = try lines(
                "WSGIStartLimit 0\nWSGIDaemonProcess site graceful-timeout=40 header-buffer-size=0 socket-timeout=7\n"
                    + "WSGIDaemonProcess other response-socket-timeout=9\nWSGISwitchInterval 0.25")
            for line in [
                "WSGIStartLimit \(CurrentProcess.processors) /etc/site.conf:1", "display-name (wsgi:site) default",
                "header-buffer-size 32768 /etc/site.conf:2", "response-buffer-size 8388608 default",
                "eviction-timeout 40 graceful-timeout=", "response-socket-timeout 7 socket-timeout=",
                "response-socket-timeout 9 /etc/site.conf:3", "switch-interval 0.25 WSGISwitchInterval",
                "request-timeout 0 default",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            let defaults = try self.lines(Ground.healthy)
            #expect(defaults.contains("WSGIStartLimit \(CurrentProcess.processors) default"))
            #expect(defaults.contains("response-socket-timeout 77 httpd's Timeout"))
            #expect(defaults.contains("switch-interval 0.005 Python's default"))
        }

        @Test func valuesThatOtherDirectivesGive() throws {
            ground.make("venv/bin/python -> $/usr/bin/python3.13")
            let lines = try lines("WSGIPythonHome $/venv\nWSGIDaemonProcess site env=KEY=secret 'display-name=a b'")
            #expect(lines.contains(ground.expand("python-home $/venv /etc/site.conf:1")))
            #expect(lines.contains("env KEY=(not shown) /etc/site.conf:2"))
            #expect(lines.contains("display-name \"a b\" /etc/site.conf:2"))
            #expect(!lines.contains { $0.contains("secret") })
            let account = isRoot ? "www-data" : nil
            for option in ["user", "group"] {
                let line = lines.first { $0.hasPrefix("\(option) ") }
                #expect(line?.hasSuffix(option == "user" ? "httpd's User" : "httpd's Group") == true)
                #expect(account == nil || line?.contains(" \(account ?? "") ") == true)
            }
        }
    }
}
