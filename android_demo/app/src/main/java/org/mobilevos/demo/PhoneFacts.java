package org.mobilevos.demo;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.PackageManager;
import android.os.BatteryManager;
import android.os.Build;
import java.util.Arrays;
import java.util.List;
import org.mobilevos.core.DeviceFacts;
import org.mobilevos.core.Warmth;

/** What a result says of the phone that it is from. */
final class PhoneFacts {
    private static final List<String> VIRTUAL_HARDWARE = Arrays.asList("ranchu", "goldfish", "cutf_cvm");
    private static final double TENTHS = 10;
    private static final int UNKNOWN = -1;

    private PhoneFacts() {}

    /** Who it is; nothing that names its owner. */
    static DeviceFacts device() {
        String platform = VIRTUAL_HARDWARE.contains(Build.HARDWARE) ? "emulator" : DeviceFacts.ANDROID;
        return new DeviceFacts(platform, Build.MANUFACTURER + " " + Build.MODEL,
                "Android " + Build.VERSION.RELEASE + " (API " + Build.VERSION.SDK_INT + ")", Build.FINGERPRINT,
                NewerApis.chip(), Build.SUPPORTED_ABIS[0], Runtime.getRuntime().availableProcessors(), null);
    }

    /** How warm it is. */
    static Warmth warmth(Context context) {
        // Android keeps the newest of these broadcasts, and gives it without a receiver.
        Intent battery = context.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        int tenths = battery == null ? UNKNOWN : battery.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, UNKNOWN);
        int charge = battery == null ? UNKNOWN : battery.getIntExtra(BatteryManager.EXTRA_LEVEL, UNKNOWN);
        return new Warmth(tenths == UNKNOWN ? null : Double.valueOf(tenths / TENTHS),
                charge == UNKNOWN ? null : Integer.valueOf(charge), NewerApis.thermalStatus(context));
    }

    /** The app's version. */
    static String appVersion(Context context) {
        try {
            return context.getPackageManager().getPackageInfo(context.getPackageName(), 0).versionName;
        } catch (PackageManager.NameNotFoundException error) {
            throw new AssertionError(error); // it is running
        }
    }
}
