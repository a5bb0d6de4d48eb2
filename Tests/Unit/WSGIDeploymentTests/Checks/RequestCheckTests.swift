import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct RequestCheckTests {
        private let ground: Ground

        init() throws {
            ground = try Ground()
            ground.writeSite()
        }

        private static let opened = "<Directory $/site>\n    Require all granted\n</Directory>"
        private static let hidden = "no request will reach it, because"

        @Test(arguments: [
            Mistake(
                replaced: opened, text: "",
                found: [
                    (
                        .requireMissing, .warning,
                        "'Require all denied' at /etc/site.conf:5 applies to '/', and nothing allows access to '$/site'"
                    )
                ]),
            Mistake(replaced: opened, text: "<Location />\nRequire all granted\n</Location>"),
            Mistake(
                replaced: opened, text: "<Location />\n<RequireAny>\nRequire all denied\n</RequireAny>\n</Location>"),
            Mistake(replaced: opened, text: "<Directory $/site>\nRequire all denied\n</Directory>"),
            Mistake(replaced: opened, text: "<Directory $/>\nAllowOverride All\n</Directory>", files: "site/.htaccess"),
            Mistake(
                replaced: opened, text: "<Directory $/>\nAllowOverride None\n</Directory>", files: "site/.htaccess",
                found: [(.requireMissing, .warning, "")]),
            Mistake(
                replaced: opened, text: "<Directory $/>\nAllowOverride All\n</Directory>\nAccessFileName .other",
                files: "site/.htaccess", found: [(.requireMissing, .warning, "")]),
            Mistake(
                text: "Alias / /var/www/",
                found: [(.applicationHidden, .warning, "\(hidden) 'Alias /' at /etc/site.conf:10")]),
            Mistake(text: "Alias /static /var/www/"),
            Mistake(
                text: "WSGIScriptAlias /shop/cart $/site/cart.wsgi \(Lines.alias)\nScriptAlias /shop /x",
                files: "site/cart.wsgi", found: [(.applicationHidden, .warning, "\(hidden) 'ScriptAlias /shop'")]),
            Mistake(
                text: "ProxyPass / http://other/",
                found: [(.applicationHidden, .warning, "Add before it: ProxyPass / !")]),
            Mistake(text: "ProxyPass /api http://other/"),
            Mistake(text: "ProxyPass / !\nProxyPass / http://other/"),
            Mistake(text: "ProxyPass / http://other/\nSetEnvIf X Y no-proxy"),
            Mistake(
                text: "WSGIScriptAlias /x $/site/x.wsgi \(Lines.alias)", files: "site/x.wsgi",
                found: [
                    (
                        .applicationHidden, .warning,
                        "WSGIScriptAlias '/x' of the main server: \(hidden) WSGIScriptAlias '/' at /etc/site.conf:3 comes first"
                    )
                ]),
            Mistake(text: "WSGIScriptAlias /x $/site/app.wsgi \(Lines.alias)"),
            // What holds on one server only is no finding about an alias of all.
            Mistake(text: "<VirtualHost *:80>\nServerName a\nAlias / /var/www\n</VirtualHost>"),
            Mistake(
                text: "AddHandler cgi-script .py .wsgi",
                found: [
                    (
                        .handlerTaken, .warning,
                        "'$/site/app.wsgi' will be run by the handler cgi-script, because AddHandler at /etc/site.conf:10 assigns .wsgi files to it"
                    )
                ]),
            Mistake(text: "AddHandler cgi-script .py"),
            Mistake(text: "AddHandler wsgi-script wsgi"),
            Mistake(text: "AddHandler cgi-script wsgi\n<Files app.wsgi>\nSetHandler none\n</Files>"),
            Mistake(
                text: "WSGIScriptAliasMatch ^/m/.* $/site/app.wsgi process-group=site",
                found: [
                    (.interpreterPerURL, .warning, "WSGIScriptAliasMatch '^/m/.*' of the main server: each URL path")
                ]),
            Mistake(text: "WSGIScriptAliasMatch ^/m/[*+]\\+$ $/site/app.wsgi process-group=site"),
            Mistake(text: "WSGIScriptAliasMatch ^/m/.* $/site/app.wsgi \(Lines.alias)"),
        ])
        func requests(mistake: Mistake) throws { try ground.expectFindings(mistake) }
    }
}
