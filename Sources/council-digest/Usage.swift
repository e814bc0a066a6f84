import ArgumentParser
import CouncilDigest

/// What can be said of an argument before anything is asked of the store: wrong ones end with 64 (EX_USAGE).
enum Usage {
  static func require(_ text: String, isTimeFor option: String) throws {
    guard ArgumentForms.isTime(text) else {
      throw ValidationError("\(option): expected a time like 2026-11-28T08:00:00Z, got “\(text)”")
    }
  }

  static func require(_ text: String, isWeekFor option: String) throws {
    guard ArgumentForms.isWeek(text) else {
      throw ValidationError("\(option): expected an ISO week like 2026-W47, got “\(text)”")
    }
  }

  static func require(_ text: String, isAddressFor option: String) throws {
    guard ArgumentForms.isAddress(text) else {
      throw ValidationError("\(option): expected an email address, got “\(text)”")
    }
  }

  static func require(_ text: String, isDensityFor option: String) throws {
    guard ArgumentForms.densities.contains(text) else {
      throw ValidationError("\(option): expected \(ArgumentForms.densities.joined(separator: ", ")), got “\(text)”")
    }
  }
}
