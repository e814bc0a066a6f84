import Foundation
import HTTPServer
import HTTPTypes
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
    ("site:\n  time_zone: Mars/Base", "site.time_zone"), ("http:\n  trusted_proxies: nginx", "http.trusted_proxies"),
    ("http:\n  access_log: sometimes", "http.access_log"),
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

@Suite struct TrustedProxiesTests {
  private func client(_ peer: String, _ forwarded: String..., trusting texts: [String]) throws -> String {
    let proxies = try #require(TrustedProxies(texts))
    var request = Request(method: .get, path: "/", peer: .address(peer))
    for one in forwarded { request.fields.append(HTTPField(name: .forwardedFor, value: one)) }
    return proxies.client(of: request)
  }

  @Test func `the right-most address that is no proxy is the client`() throws {
    let ours = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]
    #expect(try client("127.0.0.1", "203.0.113.1", trusting: ours) == "203.0.113.1")
    #expect(try client("127.0.0.1", "1.1.1.1, 203.0.113.1, 10.9.9.9", trusting: ours) == "203.0.113.1")
    #expect(try client("127.0.0.1", "1.1.1.1", "203.0.113.1", trusting: ours) == "203.0.113.1")
    #expect(try client("fd00::1", "[2001:db8::1]:443", trusting: ours) == "2001:db8::1")
    #expect(try client("127.0.0.1", "203.0.113.1:4711", trusting: ours) == "203.0.113.1")
    // As proxies on a dual-stack socket write it; each such client is one of its own.
    #expect(try client("127.0.0.1", "::ffff:203.0.113.1", trusting: ours) == "203.0.113.1")
    #expect(ClientNetwork(address: "::ffff:203.0.113.1") == ClientNetwork(address: "203.0.113.1"))
    #expect(ClientNetwork(address: "2001:db8::1") == ClientNetwork(address: "2001:db8:0:0:ffff::2"))
  }

  @Test func `without a proxy, or with an unreadable entry, the connection's own address counts`() throws {
    #expect(try client("203.0.113.5", "1.1.1.1", trusting: ["127.0.0.1"]) == "203.0.113.5")
    #expect(try client("127.0.0.1", "1.1.1.1", trusting: []) == "127.0.0.1")
    #expect(try client("127.0.0.1", "1.1.1.1, unknown", trusting: ["127.0.0.1"]) == "127.0.0.1")
    #expect(try client("127.0.0.1", trusting: ["127.0.0.1"]) == "127.0.0.1")
    #expect(try client("127.0.0.1", "127.0.0.1", trusting: ["127.0.0.1"]) == "127.0.0.1")
  }

  @Test(arguments: ["localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "10.0.0"])
  func `what is neither address nor network is refused`(_ text: String) {
    #expect(TrustedProxies([text]) == nil)
  }

  @Test func `a network ends where its prefix ends`() throws {
    let network = try #require(InternetNetwork("172.16.0.0/12"))
    for (text, expected) in [("172.16.0.1", true), ("172.31.255.255", true), ("172.32.0.0", false), ("::1", false)] {
      #expect(network.contains(try #require(InternetAddress(text))) == expected, "\(text)")
    }
  }
}
