#include "iterators.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "iterators.skel.h"
#include "libbpf_load.h"

namespace sysring {

namespace {

// A machine with a million open files has some 200 MB of them.
constexpr size_t kMaxBytes = 512u << 20;
constexpr size_t kChunk = 256 << 10;

// A file descriptor that is closed with its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Failure IteratorFailure(const char* what, int error) {
  return {"ERR_CAPTURE_NO_PROBE", std::string("the kernel's iterator over ") + what + " failed: " + strerror(error), "sysring doctor"};
}

std::vector<uint8_t> ReadAll(bpf_program* program, const char* what) {
  std::unique_ptr<bpf_link, decltype(&bpf_link__destroy)> link(bpf_program__attach_iter(program, nullptr), bpf_link__destroy);
  if (link == nullptr) throw IteratorFailure(what, errno);
  Descriptor iterator(bpf_iter_create(bpf_link__fd(link.get())));
  if (iterator.get() < 0) throw IteratorFailure(what, errno);
  std::vector<uint8_t> bytes;
  for (;;) {
    size_t length = bytes.size();
    if (length > kMaxBytes) throw IteratorFailure(what, EFBIG);
    bytes.resize(length + kChunk);
    ssize_t count = read(iterator.get(), bytes.data() + length, kChunk);
    int error = errno;
    bytes.resize(length + (count > 0 ? count : 0));
    if (count == 0) return bytes;
    if (count < 0 && error != EAGAIN && error != EINTR) throw IteratorFailure(what, error);
  }
}

}  // namespace

KernelState ReadKernelState(uint32_t max_fds) {
  PrepareLibbpf();
  std::unique_ptr<iterators_bpf, decltype(&iterators_bpf__destroy)> bpf(iterators_bpf__open(), iterators_bpf__destroy);
  if (bpf == nullptr) throw LoadFailure(errno);
  bpf->rodata->max_fds = max_fds;
  bpf->rodata->page_kb = PageKiB();
  int error;
  {
    NoSignals hold;
    error = iterators_bpf__load(bpf.get());
  }
  if (error != 0) throw LoadFailure(-error);
  return {ReadAll(bpf->progs.threads, "threads"), ReadAll(bpf->progs.files, "open files")};
}

}  // namespace sysring
