import TestFolder
import Testing

@testable import WSGIDeployment

extension DeploymentTests {
    struct SingleApplicationTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        /// What `%{AUTO}` is in the group of the healthy site, when these lines are added.
        @Test(arguments: [
            ("", "%{GLOBAL}, because $/site/app.wsgi is the only application"),
            (
                "WSGIScriptAlias /b $/site/b.wsgi process-group=site",
                "%{RESOURCE}, because there are several applications: $/site/app.wsgi, $/site/b.wsgi"
            ),
            (
                "WSGIScriptAlias /b $/site/b.wsgi process-group=%{ENV:x}",
                "%{RESOURCE}, because of WSGIScriptAlias '/b' of the main server (/etc/site.conf:10)"
            ),
            ("AddHandler wsgi-script .py", "%{GLOBAL}, because $/site/app.wsgi is the only application"),
            (
                "WSGIProcessGroup site\nAddHandler wsgi-script .py",
                "%{RESOURCE}, because of a handler for scripts (/etc/site.conf:11)"
            ),
            (
                "WSGIDispatchScript $/x.py",
                "%{RESOURCE}, because of WSGIDispatchScript '$/x.py' (/etc/site.conf:10)"
            ),
            (
                "<VirtualHost *:80>\nServerName x\nWSGIDaemonProcess other\nWSGIDispatchScript $/x.py\n</VirtualHost>\n"
                    + "<VirtualHost *:81>\nServerName y\nWSGIDaemonProcess third\n</VirtualHost>",
                "%{RESOURCE}, because of WSGIDispatchScript '$/x.py' (/etc/site.conf:13)"
            ),
        ])
        func explanation(added: String, expected: String) throws {
            let facts = try ground.facts(Ground.healthy + "\n" + added)
            #expect(SingleApplications(facts).explanation(of: 0) == ground.expand(expected))
        }

        @Test func groupOfAnotherHostIsNotConcerned() throws {
            let alias = "WSGIScriptAlias / $/site/app.wsgi process-group"
            let facts = try ground.facts(
                "<VirtualHost *:80>\nServerName x\nWSGIDaemonProcess one\n\(alias)=one\n</VirtualHost>\n"
                    + "<VirtualHost *:80>\nServerName y\nWSGIDaemonProcess two\n\(alias)=%{ENV:x}\n</VirtualHost>")
            #expect(SingleApplications(facts).groups == [0])
        }
    }
}
