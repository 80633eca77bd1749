import Glibc

// What libFuzzer calls: https://llvm.org/docs/LibFuzzer.html

/// The target that this process is for; without one it tells which there are.
private let target: FuzzTarget = {
  let name = getenv("MARTLET_FUZZ_TARGET").map { String(cString: $0) }
  if let target = FuzzTarget.all.first(where: { $0.name == name }) { return target }
  for target in FuzzTarget.all { print(target.name) }
  exit(name == nil ? 0 : 64)
}()

/// Puts the target's seeds into the corpus, which is the first folder of the command line.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  let words = (0..<Int(count.pointee)).compactMap { arguments.pointee[$0].map { String(cString: $0) } }
  let target = target
  // What libFuzzer writes goes by its own ways; Swift's backtraces would only delay it.
  guard let folder = words.dropFirst().first(where: { !$0.hasPrefix("-") }) else { return 0 }
  for (index, seed) in target.seeds.enumerated() {
    guard let file = fopen("\(folder)/seed-\(index)", "w") else { continue }
    fwrite(seed, 1, seed.count, file)
    fclose(file)
  }
  return 0
}

/// Reads one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
