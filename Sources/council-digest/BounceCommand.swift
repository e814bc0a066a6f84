import ArgumentParser
import CouncilDigest
import Foundation

struct BounceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bounce",
    abstract: "Take one raw message that came back, on standard input.",
    discussion: """
      For a mail server's pipe: see config/postfix-bounces.txt. Ends with 75 (EX_TEMPFAIL) when it could not be recorded,
      which asks the mail server to try again.
      """
  )

  @OptionGroup var options: SharedOptions
  @Argument(help: "The address it was delivered to, as the mail server says.") var recipient: String?

  private static let temporaryFailure = ExitCode(75)

  func run() async throws {
    let configuration = try options.configuration()
    let message = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    do {
      let query = recipient.map { "?recipient=\(urlEncoded($0))" } ?? ""
      let answer = try await ServiceCall(configuration).send(
        "POST",
        "/api/v1/bounces\(query)",
        message,
        type: "message/rfc822"
      )
      Terminal.line(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines))
    } catch {
      Terminal.error("\(error)")
      throw Self.temporaryFailure
    }
  }
}
