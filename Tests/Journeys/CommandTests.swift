import Foundation
import TestSupport
import Testing

@Suite struct CommandTests {
  private func run(_ arguments: [String], _ settings: [String: String] = [:], folder: TemporaryFolder) async throws -> (
    status: Int32, output: String, errors: String
  ) {
    var environment = [
      "COUNCIL_DIGEST_STORE_PATH": folder.file("store.sqlite"), "COUNCIL_DIGEST_MAIL_MAILDIR": folder.file("mail"),
      "COUNCIL_DIGEST_STORE_MIGRATIONS": Machine.root.appending(path: "migrations").path,
    ]
    for (name, value) in settings { environment["COUNCIL_DIGEST_" + name] = value }
    return try await Machine.run(RunningService.program.path, arguments, environment: environment)
  }

  @Test(arguments: [
    (["serve"], ["HTTP_PORT": "many"], "http.port"), (["serve"], ["MAIL_SMTP_TLS": "maybe"], "mail.smtp.tls"),
    (["serve"], ["SITE_PUBLIC_URL": "digest.example"], "site.public_url"),
    (["check"], ["DIGEST_TIME": "8"], "digest.time"),
    (["serve"], ["HTTP_HOST": "not an address"], "http.host"),
    (["serve"], ["SITE_PUBLIC_URL": "http://127.0.0.1:99999"], "site.public_url"),
    (["check"], ["STORE_MIGRATIONS": "/nowhere"], "store.migrations"),
    (["migrate"], ["MAIL_FROM": "nobody"], "mail.from"), (["token", "list"], ["ADMIN_TOKEN": "short"], "admin.token"),
  ])
  func `a wrong setting ends with 78 and names its key`(
    _ arguments: [String],
    _ settings: [String: String],
    _ key: String
  ) async throws {
    let result = try await run(arguments, settings, folder: try TemporaryFolder())
    #expect(result.status == 78)
    #expect(result.errors.contains(key) && !result.errors.contains("Fatal"))
  }

  @Test func `an unknown key of the file ends with 78 and names it`() async throws {
    let folder = try TemporaryFolder()
    try "http:\n  prot: 80\n".write(toFile: folder.file("c.yaml"), atomically: true, encoding: .utf8)
    let result = try await run(["check", "--config", folder.file("c.yaml")], folder: folder)
    #expect(result.status == 78 && result.errors.contains("http.prot"))
    let missing = try await run(["check", "--config", folder.file("none.yaml")], folder: folder)
    #expect(missing.status == 78 && missing.errors.contains("there is no such file"))
  }

  @Test func `bad usage is 64 and every command has help`() async throws {
    let folder = try TemporaryFolder()
    for command in [
      ["dance"], ["token", "create", "--name", "x", "--role", "king"], ["digest", "run", "--week", "garbage"],
      ["digest", "test", "--to", "nobody"], ["digest", "test", "--to", "a@b.example", "--density", "huge"],
      ["digest", "preview", "--at", "2026-11-28"], ["digest", "status", "--watch"], ["release", "treat_as_sent_until"],
      ["release", "resend", "--until", "2026-11-28T08:00:00Z"], ["release", "treat_as_sent_until", "--until", "later"],
    ] {
      let result = try await run(command, folder: folder)
      #expect(result.status == 64 && result.errors.contains("Error:"), "\(command)")
    }
    for command in [
      ["--help"], ["serve", "--help"], ["demo", "--help"], ["migrate", "--help"], ["check", "--help"],
      ["token", "--help"], ["import", "--help"], ["digest", "run", "--help"],
    ] {
      let result = try await run(command, folder: folder)
      #expect(result.status == 0 && result.output.contains("USAGE"), "\(command)")
    }
  }

  @Test func `where there is no store, only what a service is set up with makes one`() async throws {
    let folder = try TemporaryFolder()
    for command in [
      ["hold", "--reason", "stop"], ["release", "resend"], ["token", "list"], ["token", "revoke", "1"],
      ["digest", "run"], ["digest", "status"], ["digest", "preview"], ["hold", "--status"], ["backup", "b.sqlite"],
      ["export", folder.file("export")],
    ] {
      let result = try await run(command, folder: folder)
      #expect(result.status == 1 && result.errors.contains("there is no store at \(folder.file("store.sqlite"))"))
    }
    #expect(try await run(["check"], folder: folder).output.contains("there is none yet"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("store.sqlite")))
    #expect(!FileManager.default.fileExists(atPath: folder.file("mail")))
    let first = try await run(["token", "create", "--name", "a", "--role", "editor"], folder: folder)
    #expect(first.status == 0 && first.errors.contains("it is made now"))
    #expect(try await run(["digest", "status"], folder: folder).status == 0)
  }

  @Test func `the release is what the changelog says`() async throws {
    let changes = try String(contentsOf: Machine.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
    let newest = try #require(changes.firstMatch(of: /(?m)^## \[?([^\]\s]+)/)).1.lowercased()
    let said = try await run(["--version"], folder: try TemporaryFolder())
    #expect(said.status == 0 && said.output == "council-digest \(newest)\n", "\(said)")
  }

  @Test func `keys are made with and without a running service`() async throws {
    let folder = try TemporaryFolder()
    let alone = try await run(["token", "create", "--name", "a", "--role", "editor"], folder: folder)
    #expect(alone.status == 0 && alone.output.hasPrefix("cd_"))
    #expect(try await run(["token", "list"], folder: folder).output.contains("editor"))

    let service = try await RunningService()
    let made = try await service.command("token", "create", "--name", "b", "--role", "reader")
    #expect(made.status == 0)
    let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try await service.client.get("/api/v1/councils", headers: ["Authorization": "Bearer \(key)"]).status == 200)
    #expect(try await service.command("token", "revoke", "1").status == 0)
    #expect(try await service.client.get("/api/v1/councils", headers: ["Authorization": "Bearer \(key)"]).status == 401)
    #expect(try await service.command("token", "revoke", "99").status == 1)
    #expect(try await service.command("digest", "run").output.contains("planning"))
  }

  @Test func `what is in the store's place is named, without a word of SQL`() async throws {
    let folder = try TemporaryFolder()
    try "no store at all, but somebody's notes".write(
      toFile: folder.file("store.sqlite"),
      atomically: true,
      encoding: .utf8
    )
    for command in [["migrate"], ["check"], ["token", "list"]] {
      let result = try await run(command, folder: folder)
      let said = result.output + result.errors
      #expect(result.status == 1 && said.contains("store.sqlite: file is not a database"), "\(said)")
      #expect(!said.contains("PRAGMA"))
    }
  }

  @Test func `one process owns the store`() async throws {
    let service = try await RunningService()
    let second = try await service.command("serve")
    #expect(second.status == 1 && second.errors.contains("in use"))
    #expect(try await service.command("check").status == 0)
  }

  @Test func `check tells whether mail can leave`() async throws {
    let folder = try TemporaryFolder()
    #expect(try await run(["check"], folder: folder).status == 0)
    let settings = ["MAIL_TRANSPORT": "smtp", "MAIL_SMTP_PORT": "\(try Machine.freePort())"]
    let result = try await run(["check"], settings, folder: folder)
    #expect(result.status == 1 && result.output.contains("problem"))
  }

  @Test func `check looks at disk, clock, address, key and backups, and says so as JSON too`() async throws {
    let folder = try TemporaryFolder()
    let plain = try await run(["check"], folder: folder)
    for part in ["disk: ", "clock: ", "public address http", "backups: none"] {
      #expect(plain.output.contains(part), "\(plain.output)")
    }
    let wrong = try await run(
      ["check", "--json"],
      ["SITE_PUBLIC_URL": "https://nowhere.invalid", "BACKUP_TIME": "03:30"],
      folder: folder
    )
    #expect(wrong.status == 1 && wrong.output.contains("there is no address for nowhere.invalid"), "\(wrong.output)")
    let object = try JSONSerialization.jsonObject(with: Data(wrong.output.utf8)) as? [String: [[String: Any]]]
    #expect((object?["items"] ?? []).filter { $0["problem"] != nil }.count == 1)
  }

  @Test func `commands complete in every shell, and each has an example`() async throws {
    let folder = try TemporaryFolder()
    for shell in ["bash", "zsh", "fish"] {
      let script = try await run(["--generate-completion-script", shell], folder: folder)
      #expect(script.status == 0 && script.output.contains("treat_as_sent_until"), "\(shell)")
    }
    for command in [
      "serve", "demo", "migrate", "check", "token create", "token list", "token revoke", "import", "export", "digest",
      "hold", "release", "backup", "restore", "bounce", "dkim keygen", "configuration",
    ] {
      let help = try await run(command.split(separator: " ").map(String.init) + ["--help"], folder: folder)
      let usage = help.output.components(separatedBy: "USAGE").first ?? ""
      #expect(help.status == 0 && usage.contains("council-digest \(command)"), "\(command): \(help.output)")
    }
  }

  @Test func `a log line is an event with its keys, as logfmt or JSON`() async throws {
    for (format, sign) in [("logfmt", "event=http.listening"), ("json", "\"event\":\"http.listening\"")] {
      let service = try await RunningService(["log.format": format])
      let line = try await eventually("the log has it") {
        service.log.split(separator: "\n").first { $0.contains(sign) }
      }
      if format == "json" {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["level"] == "notice" && object?["address"]?.hasPrefix("http://") == true)
      } else {
        #expect(line.hasPrefix("time=20") && line.contains(" level=notice event=http.listening address=http://"))
      }
    }
  }

  @Test func `the sample configuration is the one in the repository, and it is valid`() async throws {
    let folder = try TemporaryFolder()
    let sample = try await run(["configuration"], folder: folder).output
    let file = Machine.root.appending(path: "config/council-digest.yaml")
    #expect(try String(contentsOf: file, encoding: .utf8) == sample)
    #expect(try await run(["check", "--config", file.path], folder: folder).status == 0)
  }

  @Test func `a key for signing is made once, and letters bear its signature`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.file("dkim.pem")
    let maker = try await RunningService(["mail.from": "digest@council.example"])
    let made = try await maker.command("dkim", "keygen", "--file", file)
    let record = "digest._domainkey.council.example. IN TXT ( \"v=DKIM1; k=rsa; p="
    #expect(made.status == 0 && made.output.contains(record), "\(made.output)")
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let again = try await maker.command("dkim", "keygen", "--file", file)
    #expect(again.status == 1 && again.errors.contains("nothing was changed"))
    let service = try await RunningService(["mail.from": "digest@council.example", "mail.dkim.key_file": file])
    _ = try await service.api("PUT", "/councils/w", Samples.council)
    try await service.subscribe("ann@resident.example", to: "w")
    let letter = try await service.waitForLetter(to: "ann@resident.example", "confirmation")
    #expect(letter.first("dkim-signature")?.contains("d=council.example") == true)
  }
}
