import Foundation
import Mail
import Testing

@testable import CouncilDigest

@Suite struct ConfigurationTests {
  private func load(_ yaml: String?, _ environment: [String: String] = [:]) throws -> Configuration {
    try Configuration(ConfigurationValues(file: yaml, fileName: "test.yaml", environment: environment))
  }

  @Test func `with nothing said it runs on loopback with a Maildir`() throws {
    let configuration = try load(nil)
    #expect(configuration.site.publicURL == "http://127.0.0.1:8080" && configuration.mail.way == .maildir("data/mail"))
    #expect(configuration.schedule.weekday == .saturday && configuration.schedule.hour == 8)
  }

  @Test func `the environment wins, and off and false are the same`() throws {
    let yaml =
      "mail:\n  transport: smtp\n  smtp:\n    tls: off\n    port: 25\nhttp:\n  trusted_proxies: [127.0.0.1, \"::1\"]\n"
    for text in ["off", "false", "no"] {
      let configuration = try load(
        yaml.replacing("tls: off", with: "tls: \(text)"),
        ["COUNCIL_DIGEST_MAIL_SMTP_PORT": "2525"]
      )
      guard case .smtp(let settings) = configuration.mail.way else {
        Issue.record("expected smtp")
        return
      }
      #expect(settings.tls == .off && settings.port == 2525)
      #expect(configuration.trustedProxies == TrustedProxies(["127.0.0.1", "::1"]))
    }
  }

  @Test(arguments: [
    ("nonsense: 1", "nonsense"), ("http:\n  port: eighty", "http.port"), ("http: 5", "http"),
    ("http:\n  port: [1]", "http.port"),
    ("mail:\n  smtp:\n    tls: sometimes", "mail.smtp.tls"), ("- a", "test.yaml"), ("a: [", "test.yaml"),
    ("mail:\n  transport: smtp\n  smtp:\n    tls: off\n    username: me", "mail.smtp.tls"),
    ("site:\n  time_zone: Mars/Base", "site.time_zone"),
  ])
  func `what is wrong is named`(_ yaml: String, _ key: String) {
    #expect { try load(yaml) } throws: { error in (error as? ConfigurationProblem)?.key == key }
  }

  @Test func `the sample is read back as the defaults`() throws {
    #expect(try load(ConfigurationSample.yaml) == (try load(nil)))
  }
}

@Suite struct HostCheckTests {
  @Test(arguments: [
    ("digest.example", true), ("DIGEST.example:443", true), ("digest.example:80", false), ("localhost:8080", true),
    ("[::1]:8080", true),
    ("127.0.0.1:8080", true), ("127.0.0.1", false), ("evil.example", false), ("", true),
  ])
  func `only our names are answered`(_ authority: String, _ expected: Bool) {
    let check = HostCheck(publicURL: "https://digest.example", port: 8080)
    #expect(check.isOurs(authority, from: .address("127.0.0.1")) == expected)
  }
}
