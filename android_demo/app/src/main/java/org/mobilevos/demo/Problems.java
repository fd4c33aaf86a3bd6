package org.mobilevos.demo;

import android.content.Context;
import java.io.IOException;
import org.mobilevos.core.MobileVosException;

/** Errors in the user's words. */
final class Problems {
    private Problems() {}

    /** What went wrong, in one line. */
    static String text(Context context, Throwable error) {
        if (error instanceof MobileVosException) {
            return error.getMessage();
        }
        if (isDiskFull(error)) {
            return context.getString(R.string.disk_full);
        }
        if (error instanceof OutOfMemoryError) {
            return context.getString(R.string.out_of_memory);
        }
        String message = error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
        return context.getString(R.string.unexpected, message);
    }

    /** Whether there was no room left to write to. */
    static boolean isDiskFull(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage();
            if (cause instanceof IOException && message != null && message.contains("ENOSPC")) {
                return true;
            }
        }
        return false;
    }
}
