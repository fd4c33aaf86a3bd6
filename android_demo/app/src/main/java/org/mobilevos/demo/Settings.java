package org.mobilevos.demo;

import android.content.Context;
import android.content.SharedPreferences;
import org.mobilevos.core.EngineOptions;

/** What the user has chosen for the model and how it runs; kept until the app is removed. */
final class Settings {
    /** The most threads that can be chosen. */
    static final int MOST_THREADS = 8;
    // Beyond four threads the students' small convolutions gain little.
    private static final int MOST_DEFAULT_THREADS = 4;
    private static final String MODEL = "model";
    private static final String GPU = "gpu";
    private static final String THREADS = "threads";
    private static final String HALF = "half_precision";
    private static final String SUSTAINED = "sustained_speed";
    private static final String CACHE = "kernel_cache";

    private final SharedPreferences preferences;
    private final String cacheFolder;

    Settings(Context context) {
        preferences = context.getSharedPreferences("settings", Context.MODE_PRIVATE);
        // Android empties it when the app is updated, as a cache of compiled code needs.
        cacheFolder = context.getCodeCacheDir().getAbsolutePath();
    }

    /** The asset's name; empty for the first that there is. */
    String model() {
        return preferences.getString(MODEL, "");
    }

    boolean gpu() {
        return preferences.getBoolean(GPU, true);
    }

    int threads() {
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors());
        return preferences.getInt(THREADS, Math.min(cores, MOST_DEFAULT_THREADS));
    }

    boolean halfPrecision() {
        return preferences.getBoolean(HALF, true);
    }

    boolean sustainedSpeed() {
        return preferences.getBoolean(SUSTAINED, true);
    }

    boolean kernelCache() {
        return preferences.getBoolean(CACHE, true);
    }

    /** Keeps new choices. */
    void change(String model, boolean gpu, int threads, boolean half, boolean sustained, boolean cache) {
        preferences.edit().putString(MODEL, model).putBoolean(GPU, gpu).putInt(THREADS, threads).putBoolean(HALF, half)
                .putBoolean(SUSTAINED, sustained).putBoolean(CACHE, cache).apply();
    }

    /** The choices, for an engine. */
    EngineOptions options() {
        return new EngineOptions(gpu() ? EngineOptions.Delegate.GPU : EngineOptions.Delegate.CPU, threads(),
                halfPrecision(), sustainedSpeed(), kernelCache() ? cacheFolder : null);
    }
}
