/* WD_INSTRUMENTED: 1 under the address or thread sanitizer, else 0. Times say nothing there, and everything
 * takes many times as long. clang 14 tells by __has_feature alone. */
#ifndef WD_TESTS_INSTRUMENTED_H
#define WD_TESTS_INSTRUMENTED_H

#if defined(__SANITIZE_ADDRESS__)
#  define WD_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define WD_ADDRESS_SANITIZER 1
#  endif
#endif
#ifndef WD_ADDRESS_SANITIZER
#  define WD_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__)
#  define WD_THREAD_SANITIZER 1
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define WD_THREAD_SANITIZER 1
#  endif
#endif
#ifndef WD_THREAD_SANITIZER
#  define WD_THREAD_SANITIZER 0
#endif

#define WD_INSTRUMENTED (WD_ADDRESS_SANITIZER || WD_THREAD_SANITIZER)

#endif
