#include "base/server_probe.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace turntable {
namespace {

// Answers whatever it is sent with one text, and keeps the connections open.
class Server {
 public:
  explicit Server(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    end_ = true;
    thread_.join();
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  void serve() {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    while (!end_) {
      ::poll(watched.data(), watched.size(), 10);
      for (size_t i = 1; i < watched.size(); ++i) {
        std::array<char, 1024> asked{};
        if (watched[i].revents == 0) continue;
        if (::recv(watched[i].fd, asked.data(), asked.size(), 0) > 0) {
          ::send(watched[i].fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        } else {
          watched[i].events = 0;
        }
      }
      if (watched[0].revents != 0)
        watched.push_back({::accept(listener_, nullptr, nullptr), POLLIN, 0});
    }
    for (size_t i = 1; i < watched.size(); ++i) ::close(watched[i].fd);
  }

  std::string answer_;
  int listener_ = -1;
  std::string address_;
  std::atomic<bool> end_ = false;
  std::thread thread_;
};

Speaks speaks(std::string answer) {
  const Server server(std::move(answer));
  return probe_server(server.address(), Millis(500));
}

// The answer of a server of Kafka that knows these requests.
std::string api_versions(const std::string& requests) {
  std::string body("TURN\0\0\0\0\0", 9);
  body += static_cast<char>(requests.size());
  for (const char request : requests) body += std::string({'\0', request, '\0', '\0', '\0', '\0'});
  return std::string("\0\0\0", 3) + static_cast<char>(body.size()) + body;
}

TEST(ServerProbe, TellsServersApartByTheirAnswers) {
  EXPECT_EQ(speaks("HTTP/1.1 400 Bad Request\r\n\r\n"), Speaks::http);
  EXPECT_EQ(speaks(api_versions("\x01\x03\x12")), Speaks::kafka_broker);
  EXPECT_EQ(speaks(api_versions("\x01\x12\x34")), Speaks::kafka_controller);
  EXPECT_EQ(speaks(std::string("\x84\0\0\0\x06\0\0\0\0", 9)), Speaks::cassandra);
  EXPECT_EQ(speaks(std::string("\x15\x03\x03\0\x02\x02\x46", 7)), Speaks::tls);
}

TEST(ServerProbe, KnowsNothingOfOthers) {
  EXPECT_EQ(speaks("220 mail.example.com ESMTP\r\n"), Speaks::unknown);
  EXPECT_EQ(speaks(""), Speaks::unknown);
  for (const char* nobody : {"127.0.0.1:1", "127.0.0.1", "", ":", "nowhere.invalid:1"})
    EXPECT_EQ(probe_server(nobody, Millis(500)), Speaks::unknown) << nobody;
}

}  // namespace
}  // namespace turntable
