import Glibc
import Sockets

/// How many processors the process may use (sched_getaffinity(2) through sysconf and the kernel's list for it).
package enum ProcessorCount {
  /// At least 1.
  package static var available: Int {
    let allowed = SmallFile.read("/proc/self/status")?.split(separator: "\n").first {
      $0.hasPrefix("Cpus_allowed_list:")
    }
    guard let list = allowed?.split(whereSeparator: \.isWhitespace).last else { return online }
    let count = list.split(separator: ",").reduce(0) { sum, part in
      let bounds = part.split(separator: "-").compactMap { Int($0) }
      return sum + (bounds.count == 2 ? bounds[1] - bounds[0] + 1 : bounds.count)
    }
    return count > 0 ? min(count, online) : online
  }

  private static var online: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// What the kernel says about this process.
package enum ProcessFigures {
  /// The name of the machine that it runs on; empty where /proc isn't mounted.
  package static var machine: String {
    SmallFile.read("/proc/sys/kernel/hostname")?.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
  }

  /// The program's file, as it was called when it was first asked for: another one may have taken its place since.
  package static let program: String = {
    let path = "/proc/self/exe"
    guard let text = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }()

  /// Resident memory in bytes; 0 where /proc isn't mounted.
  package static var residentBytes: Int { memory(1) ?? 0 }

  /// The size of the address space in bytes; nil where /proc isn't mounted.
  package static var virtualBytes: Int? { memory(0) }

  /// A figure of /proc/self/statm, by its place.
  private static func memory(_ place: Int) -> Int? {
    let pages = SmallFile.read("/proc/self/statm")?.split(separator: " ").dropFirst(place).first.flatMap { Int($0) }
    return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
  }

  /// How many threads run.
  package static var threads: Int {
    let line = SmallFile.read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("Threads:") }
    return line?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 1
  }

  /// Processor time, user and system, in seconds.
  package static var processorSeconds: Double {
    var usage = rusage()
    guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
}
