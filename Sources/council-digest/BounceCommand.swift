import ArgumentParser
import CouncilDigest
import Foundation

struct BounceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bounce",
    abstract: "Take one raw message that came back, on standard input.",
    discussion: """
      For a mail server's pipe: see config/postfix-bounces.txt. Ends with 75 (EX_TEMPFAIL) when it could not be recorded,
      which asks the mail server to try again; a configuration that is wrong is such a case, and no report is lost by it.

      Example:
        council-digest bounce < report.eml
      """
  )

  @OptionGroup var options: SharedOptions
  @Argument(help: "The address it was delivered to, as the mail server says.") var recipient: String?

  private static let temporaryFailure = ExitCode(75)
  /// A report says what it has to say early; a returned letter may be large.
  private static let maximumBytes = 512 * 1024

  func run() async throws {
    do {
      let message = try Self.readInput()
      let configuration = try Configuration.load(file: options.file)
      let query = recipient.map { "?recipient=\(urlEncoded($0))" } ?? ""
      let answer = try await ServiceCall(configuration).send(
        "POST",
        "/api/v1/bounces\(query)",
        message,
        type: "message/rfc822"
      )
      Terminal.line(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines))
    } catch let refused as ServiceCall.Refused where (400..<500).contains(refused.status) {
      // To try again would end the same, and at last send a bounce about a bounce.
      Terminal.error("\(refused)")
    } catch {
      Terminal.error("\(error)")
      throw Self.temporaryFailure
    }
  }

  /// The first part; what follows is read too, or the mail server's pipe would break.
  private static func readInput() throws -> [UInt8] {
    var message: [UInt8] = []
    while let part = try FileHandle.standardInput.read(upToCount: 65_536), !part.isEmpty {
      message += part.prefix(maximumBytes - message.count)
    }
    return message
  }
}
