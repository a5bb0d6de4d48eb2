internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Users and groups of this machine. Used while there is only one thread.
public enum Accounts {
    /// The maximum number of supplementary groups of a process.
    static var mostGroups: Int { max(sysconf(Int32(_SC_NGROUPS_MAX)), 1) }

    /// A user.
    struct User {
        let id: UInt32
        let name: String
        let home: String
    }

    /// The user that an option names, or the user with this id.
    static func user(
        _ account: Account?, default id: UInt32, for owner: String, option: String = "user"
    ) throws(ResolutionError) -> User {
        let entry: UnsafeMutablePointer<passwd>? =
            switch account {
            case .name(let name): unsafe getpwnam(name)
            case .number(let number): unsafe getpwuid(number)
            case nil: unsafe getpwuid(id)
            }
        if let entry = unsafe entry {
            return unsafe User(
                id: entry.pointee.pw_uid, name: String(cString: entry.pointee.pw_name),
                home: String(cString: entry.pointee.pw_dir))
        }
        guard let account else { return User(id: id, name: "", home: "/") }
        throw ResolutionError(
            .accountUnusable,
            "\(owner): there is no user '\(account)' on this machine (\(option)=). Create it with "
                + "'adduser --system --group --home /srv/\(account) \(account)', or correct the name.")
    }

    /// The group that an option names.
    static func group(
        _ account: Account?, default id: UInt32, for owner: String, option: String = "group"
    ) throws(ResolutionError) -> UInt32 {
        switch account {
        case nil: return id
        case .number(let number): return number
        case .name(let name):
            if let entry = unsafe getgrnam(name) { return unsafe entry.pointee.gr_gid }
            throw ResolutionError(
                .accountUnusable,
                "\(owner): there is no group '\(name)' on this machine (\(option)=): create it with 'addgroup --system', or "
                    + "correct the name.")
        }
    }

    /// The name of a user; "" if there is none.
    static func name(of user: UInt32) -> String {
        unsafe getpwuid(user).map { unsafe String(cString: $0.pointee.pw_name) } ?? ""
    }

    /// The name of a group, or `#` and its number.
    static func groupName(of group: UInt32) -> String {
        unsafe getgrgid(group).map { unsafe String(cString: $0.pointee.gr_name) } ?? "#\(group)"
    }

    /// All groups of the user with this id and primary group, as httpd's children have them.
    public static func groups(of owner: (user: UInt32, group: UInt32)) -> [UInt32] {
        let name = unsafe getpwuid(owner.user).map { unsafe String(cString: $0.pointee.pw_name) } ?? ""
        return supplementaryGroups(of: name, primary: owner.group)
    }

    /// All groups of a user, the primary one first.
    static func supplementaryGroups(of user: String, primary: UInt32) -> [UInt32] {
        guard !user.isEmpty else { return [primary] }
        var count: Int32 = 64
        while true {
            var groups = [gid_t](repeating: 0, count: Int(count))
            let room = count
            if unsafe getgrouplist(user, primary, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            // The buffer is too small; `count` is the required size.
            guard count > room else { return [primary] }
        }
    }
}
