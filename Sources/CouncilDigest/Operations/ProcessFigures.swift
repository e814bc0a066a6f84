import Foundation

/// What the system knows of this process.
struct ProcessFigures {
  var cpuSeconds: Double
  var residentBytes: Double
  var virtualBytes: Double
  var openFiles: Double
  var startedAt: Double

  /// Nil where there is no `/proc`.
  static func read() -> ProcessFigures? {
    // The name in brackets may have spaces.
    guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 21,
      let user = Double(fields[11]), let system = Double(fields[12]), let start = Double(fields[19]),
      let virtual = Double(fields[20]), let pages = Double(fields[21]),
      let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
      let uptime = try? String(contentsOfFile: "/proc/uptime", encoding: .utf8).split(separator: " ").first,
      let up = Double(uptime)
    else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    return ProcessFigures(
      cpuSeconds: (user + system) / ticks,
      residentBytes: pages * Double(sysconf(Int32(_SC_PAGESIZE))),
      virtualBytes: virtual,
      openFiles: Double(files),
      startedAt: Date().timeIntervalSince1970 - up + start / ticks
    )
  }

  func add(to metrics: inout MetricsText) {
    metrics.add("process_cpu_seconds_total", .counter, "Processor time, user and system.", cpuSeconds)
    metrics.add("process_resident_memory_bytes", .gauge, "Memory that is resident.", residentBytes)
    metrics.add("process_virtual_memory_bytes", .gauge, "Memory that is mapped.", virtualBytes)
    metrics.add("process_open_fds", .gauge, "Open file descriptors.", openFiles)
    metrics.add("process_start_time_seconds", .gauge, "Start of the process since 1970.", startedAt.rounded())
  }
}
