// SPDX-License-Identifier: MIT
// Failed checks and fatal messages of the library that the macro selects: argv[1] is check or fatal.
#ifdef USE_QT
#include <QtGlobal>
#define CHECKED(a) Q_ASSERT((a) == 5)
#define FATAL(a) qFatal("cannot go on with %d of %s, äöü", a, "sheep")
#elif defined(USE_GLOG)
#include <glog/logging.h>
#define CHECKED(a) CHECK_EQ(a, 5) << "sheep"
#define FATAL(a) LOG(FATAL) << "cannot go on with " << (a) << " of sheep"
#elif defined(USE_ABSL)
#include "absl/base/internal/raw_logging.h"
#define CHECKED(a) ABSL_RAW_CHECK((a) == 5, "sheep")
#define FATAL(a) ABSL_RAW_LOG(FATAL, "cannot go on with %d of sheep", a)
#else
#define BOOST_ENABLE_ASSERT_HANDLER
#include <boost/assert.hpp>
#include <cstdlib>
namespace boost {
__attribute__((noipa)) void assertion_failed(char const *, char const *, char const *, long)
{
        std::abort();
}
} // namespace boost
#define CHECKED(a) BOOST_ASSERT((a) == 5)
#define FATAL(a) std::abort()
#endif

__attribute__((noinline)) static int checked(int a)
{
        CHECKED(a); // WORDS: check
        return a;
}

__attribute__((noinline)) static int fatal(int a)
{
        FATAL(a); // WORDS: fatal
        return a;
}

int main(int argc, char **argv)
{
        return argv[1][0] == 'c' ? checked(argc) : fatal(argc);
}
