/// The stable identifier of a log message. Users search for it, so a number is never reused.
///
/// Numbers below 1000 are those of mod_wsgi for the same condition. Numbers of this module begin at 1000. `LogIDManual`
/// explains each of them.
public enum LogID: UInt16, CaseIterable, Sendable {
    // In numerical order.
    case embeddedStartFailed = 1
    case chrootFailed = 3
    case daemonStartFailed = 28
    case foreignConnection = 33
    case forgedConnection = 34
    case interpreterFailed = 35
    case checkPasswordMissing = 43
    case realmHashMissing = 46
    case groupsForUserMissing = 52
    case allowAccessMissing = 56
    case accessDenied = 57
    case userWithoutGroups = 59
    case userOutsideGroups = 60
    case cpuLimitDenied = 76
    case memoryLimitDenied = 77
    case virtualMemoryLimitDenied = 78
    case localeUnavailable = 79
    case scriptOutsideRoot = 81
    case queueTimeout = 84
    case callableNotFound = 89
    case sitePathFailed = 91
    case scriptUnreadable = 105
    case scriptExited = 107
    case scriptRaised = 109
    case callbackRaised = 112
    case queueFull = 116
    case connectFailed = 117
    case responseBroken = 119
    case reloadRejections = 124
    case bodyFailed = 126
    case execDenied = 134
    case scriptMissing = 135
    case scriptIsDirectory = 136
    case pathInfoRejected = 137
    case transferEncodingRejected = 138
    case contentLengthInvalid = 139
    case bodyTooLarge = 141
    case embeddedUnavailable = 142
    case embeddedRestricted = 143
    case headerTooLong = 144
    case responseTimeout = 145
    case workerGone = 146
    case workerReadFailed = 147
    case responseMalformed = 148
    case processGroupNotAllowed = 149
    case groupUnknown = 150
    case groupOfOtherHost = 152
    case scriptUnexamined = 153
    case scriptOfOtherUser = 154
    case scriptGroupWritable = 155
    case scriptWorldWritable = 156
    case scriptDirectoryUnexamined = 157
    case scriptDirectoryOfOtherUser = 158
    case scriptDirectoryGroupWritable = 159
    case scriptDirectoryWorldWritable = 160
    case scriptOfOtherGroup = 161
    case scriptDirectoryOfOtherGroup = 162
    case applicationRaised = 174
    case applicationExited = 175
    case checkPasswordEmpty = 176
    case checkPasswordInvalid = 177
    case realmHashEmpty = 178
    case realmHashInvalid = 179
    case callbackExited = 190
    case ownGILUnavailable = 198
    case switchIntervalShared = 199
    case freeThreadingUnavailable = 200
    case freeThreadingPartial = 201
    case pythonUnsupported = 1001
    case pythonHomeInside = 1002
    case pythonMissing = 1003
    case embeddedByAccident = 1004
    case accountUnusable = 1005
    case homeUnusable = 1006
    case socketUnusable = 1007
    case requireMissing = 1008
    case groupUnused = 1009
    case supervisorFailed = 1010
    case workerDied = 1011
    case workerKilled = 1012
    case successorFailed = 1013
    case startDelayed = 1014
    case workerSetupFailed = 1015
    case requestsCut = 1016
    case scoreboardDamaged = 1018
    case authorizationDropped = 1020
    case handlerTaken = 1030
    case moduleLoadedTwice = 1031
    case pythonChanged = 1032
    case searchPathUnusable = 1033
    case variableUnknown = 1034
    case interpreterPerURL = 1035
    case filesOverdue = 1036
    case socketsExposed = 1037
    case environmentFileUnusable = 1040
    case cpuPriorityDenied = 1041
    case requestInterrupted = 1050
    case requestAbandoned = 1051
    case pythonDeadlocked = 1052
    case startupOverdue = 1053
    case memoryExceeded = 1054
    case loadingSlow = 1055
    case clientGone = 1060
    case nestedRequest = 1061
    case serviceGroup = 1070
    case serviceWithoutScript = 1071
    case warmupFailed = 1072
    case factoryFailed = 1073
    case applicationHidden = 1081
    case metricsUnavailable = 1090
    case statusClosed = 1091
    case responseShort = 1101
    case logOmitted = 1102
    case hookAnswerInvalid = 1201
    case hookScriptUnset = 1202
    case hookScriptRestricted = 1203
    case oneInterpreterOnly = 1330
    case pythonUntested = 1370

    /// The tag that begins the message, `WSGI0174`.
    public var tag: String {
        let digits = String(rawValue)
        return "WSGI" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
    /// `WSGI`.
    private static let prefix = UInt32(littleEndian: 0x4947_5357)

    /// The id that a message begins with. `nil` if it begins with none.
    public init?(of message: UnsafeRawBufferPointer) {
        guard message.count > 8, unsafe message[8] == UInt8(ascii: ":"),
            unsafe message.loadUnaligned(as: UInt32.self) == Self.prefix
        else { return nil }
        var number: UInt16 = 0
        for index in 4..<8 {
            let digit = unsafe message[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            number = number &* 10 &+ UInt16(digit)
        }
        self.init(rawValue: number)
    }
}
