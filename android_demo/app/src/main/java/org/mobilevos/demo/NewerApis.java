package org.mobilevos.demo;

import android.content.Context;
import android.os.Build;
import android.os.PowerManager;
import android.view.Window;

/**
 * What came to Android after API 23, all of it. The app is checked against the framework of API 23, the newest that
 * Debian packages, so these calls are made by name; where a phone does not have one, nothing happens.
 */
final class NewerApis {
    private static final int ANDROID_10 = 29;
    private static final int ANDROID_12 = 31;

    private NewerApis() {}

    /** Asks for clock rates that the phone can keep up for minutes, while the window is shown; API 24. */
    static void setSustainedPerformance(Window window, boolean enable) {
        try {
            Window.class.getMethod("setSustainedPerformanceMode", boolean.class).invoke(window, enable);
        } catch (ReflectiveOperationException error) {
            // It is only a wish.
        }
    }

    /**
     * How much the phone slows down because of its warmth, 0 (not at all) to 6, API 29; null where it does not tell.
     */
    static Integer thermalStatus(Context context) {
        if (Build.VERSION.SDK_INT < ANDROID_10) {
            return null;
        }
        try {
            Object power = context.getSystemService(Context.POWER_SERVICE);
            return (Integer) PowerManager.class.getMethod("getCurrentThermalStatus").invoke(power);
        } catch (ReflectiveOperationException error) {
            return null;
        }
    }

    /** The chip's maker and model, API 31; before that what Android calls the hardware. */
    static String chip() {
        if (Build.VERSION.SDK_INT < ANDROID_12) {
            return Build.HARDWARE;
        }
        try {
            Object maker = Build.class.getField("SOC_MANUFACTURER").get(null);
            return maker + " " + Build.class.getField("SOC_MODEL").get(null);
        } catch (ReflectiveOperationException error) {
            return Build.HARDWARE;
        }
    }
}
